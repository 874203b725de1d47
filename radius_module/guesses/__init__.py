"""Wrong passwords of customers: how many there were lately, and which devices need not wait because of them."""
