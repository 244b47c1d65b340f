"""What a worker tells Prometheus: how it does, and where everybody stands."""
