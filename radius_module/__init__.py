"""The packet path: what FreeRADIUS embeds. docs/architecture.md tells the order of the files."""
