"""The steps of a start, and how each is known to have worked."""
