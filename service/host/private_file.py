"""Files that only their owner may read, replaced as a whole: a crash leaves the old content or the new."""

import os
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Written beside the file, with mode 0600 from its first byte, and renamed once it is on the disk.

    A secrets file cut off by a crash would mean new keys for old credentials.
    """
    partial = path.with_suffix(".new")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
