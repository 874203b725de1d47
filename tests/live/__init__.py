"""What docs/live/ holds for a server that customers depend on, run for real."""
