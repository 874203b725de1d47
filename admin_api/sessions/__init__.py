"""`/api/billing/sessions`."""
