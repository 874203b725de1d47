"""A HotSpot's own pages, as a file to be put on a router."""
