"""Messages to tenants' own mail servers: where those are, and what they answer."""
