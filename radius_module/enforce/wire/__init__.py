"""Requests on their way: sockets, pace, and how a session is named."""
