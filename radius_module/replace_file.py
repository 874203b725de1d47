"""A small file replaced whole: whoever reads it sees the old text or the new, never a part of either."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: Path, *, mode: int = 0o644, is_durable: bool = False) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` when the block ends without an error. Raises OSError.

    `mode` is for who may read it, less the process' umask; `is_durable` waits for the disk first.
    """
    fresh = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode), "wb") as file:
        yield file
        if is_durable:
            file.flush()
            os.fsync(file.fileno())
    fresh.replace(path)


def replace_text(path: Path, text: str) -> None:
    """The same for a text that is at hand. Raises OSError."""
    with replacing(path) as file:
        file.write(text.encode())
