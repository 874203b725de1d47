"""What breaks, broken on purpose: short in `make test`, long (`-m long`) in `make fault`."""
