"""Customers: created, changed, suspended, deleted, imported, looked up."""
