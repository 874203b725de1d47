"""Devices, their addresses, and what is asked of them."""
