"""The books of sessions and usage."""
