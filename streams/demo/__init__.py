"""The demo: a simulated floor fed into a log, and shown while it moves."""
