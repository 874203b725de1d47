"""Listening on a Unix socket for this installation's own processes, and for nobody else."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Collection
from pathlib import Path

_CREDENTIALS = struct.Struct("3i")


def listening(path: Path, kind: socket.SocketKind, backlog: int, mode: int = 0o600) -> socket.socket:
    """A socket of that kind at `path`, in place of one that an earlier process left. Raises OSError.

    `mode` 0660 lets in whom the directory lets in: then `accept_ours` has to say who that may be.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, kind)
    try:
        listener.bind(str(path))
        path.chmod(mode)
        listener.listen(backlog)
    except OSError:
        listener.close()
        raise
    return listener


def accept_ours(listener: socket.socket, others: Collection[int] = ()) -> socket.socket:
    """The next connection of a process of this account, root's or one of `others`; the rest are closed. Raises OSError.

    The socket's mode keeps them out already, but a directory may be opened by mistake.
    """
    while True:
        link, _ = listener.accept()
        if peer_is_ours(link, others):
            return link
        link.close()


def peer_is_ours(link: socket.socket, others: Collection[int] = ()) -> bool:
    """Is the other end a process of this account, root's, or of one of these other users?"""
    _pid, uid, _gid = _CREDENTIALS.unpack(link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return uid in (os.geteuid(), 0, *others)
