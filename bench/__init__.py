"""The benchmark: what the pipeline costs, and beside it what the same topics cost others."""
