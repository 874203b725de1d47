"""The durable record: written and fsynced before anything is acknowledged."""
