"""`/api/billing`: settings, accounts, purchases, payments, drawers, reports about money."""
