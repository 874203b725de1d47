"""E-mail through the API."""
