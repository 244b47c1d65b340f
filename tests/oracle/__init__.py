"""Independent recomputations in plain Python over the source files; nothing here imports the product."""
