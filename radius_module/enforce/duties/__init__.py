"""What the worker does by the clock, each in a thread of its own, so that no request waits for it."""
