"""What `/metrics` shows, by where it comes from."""
