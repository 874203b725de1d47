"""The private cluster, its roles and its addresses."""
