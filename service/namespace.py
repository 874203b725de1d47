"""A clone or STATE_DIR below a directory that the parts' account cannot enter, such as /root.

The service tree then runs in a mount namespace of its own, where each closed directory is covered by an
empty, open one that holds nothing but our own directories, at their usual paths. Outside, nothing changes.
"""

import ctypes
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from service.account import Account
from service.errors import Refusal
from service.settings import Settings

_CLONE_NEWNS = 0x00020000


def enter_if_needed(settings: Settings) -> None:
    """Make the paths that the parts need reachable for them, in this process and its children only."""
    if not settings.account.switch:
        return
    needed = sorted({settings.home, settings.venv, settings.state_dir})
    if all(closed_ancestor(path, settings.account) is None for path in needed):
        return
    os.umask(0o022)
    _unshare(needed, settings.account)
    for path in needed:
        while (closed := closed_ancestor(path, settings.account)) is not None:
            _cover(closed, [other for other in needed if closed in other.parents])
    os.chdir("/")


def closed_ancestor(path: Path, account: Account) -> Path | None:
    """The outermost directory above `path` that the account may not enter."""
    above = [directory for directory in reversed(path.parents) if directory != directory.parent]
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # only the kernel knows what modes, groups and access lists add up to
        account.drop()
        closed = next((n for n, directory in enumerate(above) if not os.access(directory, os.X_OK)), None)
        os.write(writer, b"" if closed is None else b"%d" % closed)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        found = answer.read()
    os.waitpid(child, 0)
    return above[int(found)] if found else None


def _unshare(needed: Sequence[Path], account: Account) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    closed = next(found for path in needed if (found := closed_ancestor(path, account)))
    if libc.unshare(_CLONE_NEWNS) != 0:
        raise Refusal(f"The user {account.name} may not enter {closed}, and this kernel refuses a private mount "
                      "namespace: move the clone and STATE_DIR to a place open to all, such as /opt.")  # fmt: skip
    _mount("--make-rprivate", "/")


def _cover(closed: Path, inside: Sequence[Path]) -> None:
    """Hide `closed` under an empty directory and bring back, at their own paths, only `inside`."""
    kept = [(path, os.open(path, os.O_PATH | os.O_DIRECTORY)) for path in inside]
    _mount("-t", "tmpfs", "-o", "mode=0755,size=64k,nr_inodes=64", "tmpfs", str(closed))
    for path, handle in kept:
        path.mkdir(parents=True, exist_ok=True)
        _mount("--rbind", f"/proc/self/fd/{handle}", str(path), keep=handle)
        os.close(handle)


def _mount(*arguments: str, keep: int | None = None) -> None:
    passed = () if keep is None else (keep,)
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, pass_fds=passed, check=False)  # noqa: S603, S607
    if done.returncode != 0:
        raise Refusal(f"A private view of a closed directory could not be made ({done.stderr.strip()}): "
                      "move the clone and STATE_DIR to a place open to all, such as /opt.")  # fmt: skip
