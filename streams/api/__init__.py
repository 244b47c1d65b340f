"""The read API: what stands and what fires, over HTTP."""
