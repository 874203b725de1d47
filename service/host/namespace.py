"""A clone or STATE_DIR below a directory that the parts' accounts cannot enter, such as /root.

The service tree then runs in a mount namespace of its own, where each closed directory is covered by an
empty, open one that holds only the installation's directories, at their usual paths. Outside, nothing changes.
"""

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path

from service.errors import Refusal
from service.host.account import Account, Accounts
from service.host.settings import Settings

_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNS = 0x00020000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000


def enter_if_needed(settings: Settings) -> None:
    """Let the parts reach the paths they need, in this process and its children only."""
    accounts = settings.accounts
    if not accounts.are_apart:
        return
    needed = sorted({settings.home, settings.venv, settings.state_dir})
    if all(closed_above(path, accounts) is None for path in needed):
        return
    os.umask(0o022)
    _unshare(needed, accounts)
    for path in needed:
        while (closed := closed_above(path, accounts)) is not None:
            _cover(closed, [other for other in needed if closed in other.parents])
    os.chdir("/")


def closed_above(path: Path, accounts: Accounts) -> Path | None:
    """The outermost directory above `path` that some part may not enter."""
    closed = (closed_ancestor(path, account) for account in accounts.each())
    return min((directory for directory in closed if directory is not None), default=None)


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
        index = answer.read()
    os.waitpid(child, 0)
    return above[int(index)] if index else None


def _unshare(needed: Sequence[Path], accounts: Accounts) -> None:
    closed = next(above for path in needed if (above := closed_above(path, accounts)))
    if _LIBC.unshare(_CLONE_NEWNS) != 0:
        raise Refusal(
            f"The users of the parts may not enter {closed}, and this kernel refuses a private mount namespace: "
            "move the clone and STATE_DIR to a place open to all, such as /opt."
        )
    _make_mounts_private()


def _make_mounts_private() -> None:
    """Mounts made from now on must not be visible outside.

    In a chroot "/" is not a mount point, so this steps out to the namespace's root and back in.
    """
    inside = os.open("/", os.O_PATH | os.O_DIRECTORY)
    namespace = os.open("/proc/self/ns/mnt", os.O_RDONLY)
    if _LIBC.setns(namespace, _CLONE_NEWNS) != 0:
        raise Refusal(f"A private mount namespace could not be entered ({os.strerror(ctypes.get_errno())}).")
    _mount("none", Path("/"), None, _MS_REC | _MS_PRIVATE)
    os.fchdir(inside)
    os.chroot(".")
    os.close(inside)
    os.close(namespace)


def _cover(closed: Path, inside: Sequence[Path]) -> None:
    """Hide `closed` under an empty directory and bring back, at their own paths, only `inside`."""
    handles = [(path, os.open(path, os.O_PATH | os.O_DIRECTORY)) for path in inside]
    _mount("tmpfs", closed, "tmpfs", 0, "mode=0755,size=64k,nr_inodes=64")
    for path, handle in handles:
        path.mkdir(parents=True, exist_ok=True)
        _mount(f"/proc/self/fd/{handle}", path, None, _MS_BIND | _MS_REC)
        os.close(handle)


def _mount(source: str, target: Path, kind: str | None, flags: int, options: str | None = None) -> None:
    """mount(2) itself, because mount(8) would resolve /proc/self/fd/N to the path that is now covered."""
    texts = [None if text is None else os.fsencode(text) for text in (source, target, kind, options)]
    if _LIBC.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3]) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise Refusal(
            f"A private view of the closed directories above {target} could not be made ({reason}): "
            "move the clone and STATE_DIR to a place open to all, such as /opt."
        )
