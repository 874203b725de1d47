"""The network obeys: the whole installation, the worker among it, against routers that live."""
