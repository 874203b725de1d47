"""A disk of 64 KiB that is full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def enlarge(directory: Path) -> None:
    """There is room again."""
    subprocess.run(["mount", "-o", "remount,size=16m", directory], check=True)


@contextmanager
def full(directory: Path, process: int | None = None) -> Iterator[Path]:
    """Mounted over the directory as that process sees it (or this one), which may have mounts of its own."""
    pid = process or os.getpid()
    there = ["nsenter", "-m", "-t", str(pid)]
    subprocess.run([*there, "mount", "-t", "tmpfs", "-o", "size=64k", "none", directory], check=True)
    try:
        filler = Path(f"/proc/{pid}/root", *directory.parts[1:], "filler")
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(b"x" * 4096) == 4096:
                pass
        yield directory
    finally:
        subprocess.run([*there, "umount", "-l", directory], check=True)
