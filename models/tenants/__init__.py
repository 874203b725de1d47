"""Tenants and their operators."""
