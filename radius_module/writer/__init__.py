"""From the spool into the books."""
