"""The parts as systemd's units: written from the list of parts, sandboxed, under the journal."""
