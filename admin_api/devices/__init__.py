"""`/api/devices`."""
