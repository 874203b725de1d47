"""Supervision by s6: the tree, its services, what is left behind."""
