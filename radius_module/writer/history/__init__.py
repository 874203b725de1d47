"""What of the history is kept, and for how long."""
