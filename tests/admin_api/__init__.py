"""The admin API on a real PostgreSQL, called as its clients call it."""
