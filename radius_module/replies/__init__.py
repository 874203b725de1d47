"""What leaves: verdicts as validated attributes, encoded, signed and sent."""
