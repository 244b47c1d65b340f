"""Facts that come over HTTP: what a request says, and the server that appends it."""
