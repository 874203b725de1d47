"""What `doctor` looks at beyond the database."""
