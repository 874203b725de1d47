"""Fixtures of the packet path's tests: one PostgreSQL for all of them."""

from tests.support.books import books, engine, installation, tenant

__all__ = ["books", "engine", "installation", "tenant"]
