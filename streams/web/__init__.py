"""What the doors to the log over HTTP share."""
