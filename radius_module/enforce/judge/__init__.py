"""What is to be asked of a session, and whether accounting bears out that it was done. Pure."""
