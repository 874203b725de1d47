"""What the processes of one node tell and ask each other."""
