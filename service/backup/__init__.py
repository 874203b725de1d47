"""A running installation in one encrypted file, and back (docs/decisions/0135-backups.md)."""
