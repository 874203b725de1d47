"""`/api/billing/reports`."""
