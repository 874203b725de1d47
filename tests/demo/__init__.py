"""`make demo`: a minute in the life of the demo tenant, played by a router that is none, against the running system."""
