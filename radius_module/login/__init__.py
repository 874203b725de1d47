"""One Access-Request, from the packet to the answer."""
