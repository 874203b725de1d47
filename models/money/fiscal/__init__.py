"""Tax authorities: what they are told about documents, and where their answers go."""
