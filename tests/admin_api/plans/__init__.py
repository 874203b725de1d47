"""`/api/billing/plans`."""
