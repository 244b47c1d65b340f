"""The arithmetic: calendars, folds, metrics, pace, rules and alerts, as pure functions."""
