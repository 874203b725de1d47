"""FreeRADIUS' own tables: what provisioning writes and what operators add."""
