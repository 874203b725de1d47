"""Runs the installation: settings, private database, supervised parts, demo tenant."""
