"""Tenants, devices, plans and customers in memory, kept current by the database's notifications."""
