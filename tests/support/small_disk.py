"""A disk of 64 KiB that is full."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def full(directory: Path) -> Iterator[Path]:
    """Mounted over the directory; the file `filler` takes all of it but room for a few names."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", directory], check=True)
    try:
        with suppress(OSError), (directory / "filler").open("wb", buffering=0) as file:
            while file.write(b"x" * 4096) == 4096:
                pass
        yield directory
    finally:
        subprocess.run(["umount", "-l", directory], check=True)
