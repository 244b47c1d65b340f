"""What an agent keeps of one shard, and what it says: memory over records, driven by the hop."""
