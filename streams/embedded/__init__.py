"""The log in one SQLite file, in process: the default that needs no broker."""
