"""Devices, their addresses, and the requests sent to them."""
