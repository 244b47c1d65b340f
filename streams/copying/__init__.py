"""Carrying what is true from one log into another, also into one with another number of shards."""
