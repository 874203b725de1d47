"""What the network was asked for, and what became of it."""
