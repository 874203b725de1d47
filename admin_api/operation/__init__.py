"""Health, metrics, the audit log and the command line."""
