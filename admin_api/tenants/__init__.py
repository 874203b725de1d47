"""`/api/isps`."""
