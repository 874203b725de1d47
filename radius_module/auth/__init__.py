"""The auth process of FreeRADIUS: what it holds and whom it listens to."""
