"""Credentials at rest: encrypted, hashed, generated."""
