"""The words that travel on topics: frozen structs, nothing else."""
