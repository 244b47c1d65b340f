"""The plumbing: logs, shards, flushes, sources and sinks."""
