"""Checking what is served against what was received: `quotaflow verify`."""
