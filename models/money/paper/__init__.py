"""Documents as files: what a page shows, as XML (EN 16931) and as PDF."""
