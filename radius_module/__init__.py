"""The packet path: what FreeRADIUS embeds. See docs/decisions and DESIGN section 8 for the order of the files."""
