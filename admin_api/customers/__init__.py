"""`/api/billing/customers`."""
