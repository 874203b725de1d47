"""What the database holds, one concept a file."""
