"""A copy of what stands and what fires in Redis: written by workers, read by processes that have no log."""
