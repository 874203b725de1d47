"""What is changed is read again: who it was, in which order, and how a few are read."""
