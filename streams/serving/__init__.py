"""What is stored, read without a group: the same answers with or without a running worker."""
