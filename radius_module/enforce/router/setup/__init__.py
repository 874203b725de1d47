"""A router set up for this server: what is to change, and the changes made and taken back."""
