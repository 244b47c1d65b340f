"""The commands of `quotaflow`, one file each; `agents/cli.py` puts them together."""
