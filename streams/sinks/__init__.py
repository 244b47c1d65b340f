"""Where messages go when they leave the log: one file per kind of sink."""
