"""What a shard keeps on its own disk beside the log, so that it need not read all of it at the next start."""
