"""A small file replaced whole: whoever reads it sees the old text or the new, never a part of either."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: Path, *, mode: int = 0o600, is_durable: bool = False) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` when the block ends without an error. Raises OSError.

    `mode` is for who may read it, whatever the process' umask; `is_durable` waits for the disk first.
    """
    fresh = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        owned_as_its_directory(file.fileno(), path.parent)
        yield file
        if is_durable:
            file.flush()
            os.fsync(file.fileno())
    fresh.replace(path)


def replace_text(path: Path, text: str, *, mode: int = 0o600) -> None:
    """The same for a text that is at hand. Raises OSError."""
    with replacing(path, mode=mode) as file:
        file.write(text.encode())


def owned_as_its_directory(handle: int, directory: Path) -> None:
    """What root's commands leave among a part's files is the part's."""
    if os.geteuid() == 0:
        owner = directory.stat()
        os.fchown(handle, owner.st_uid, owner.st_gid)
