"""Customers: made, changed, suspended, deleted, imported, found."""
