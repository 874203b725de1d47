"""Real packets to a real FreeRADIUS (without -X) on a real PostgreSQL: what a router and its customers see."""
