"""Fixtures of the books' tests. What they book is committed, so they have a PostgreSQL of their own."""

from tests.support.books import books, engine, installation, tenant

__all__ = ["books", "engine", "installation", "tenant"]
