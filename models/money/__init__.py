"""Charges, the ledger, payments by hand, and what is owed."""
