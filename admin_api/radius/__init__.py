"""`/api/radius-api`, status, reply rows and the quarantine."""
