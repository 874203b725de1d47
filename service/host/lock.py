"""STATE_DIR/lock: one supervisor at a time. s6 holds it alone; systemd's units, a process each, hold it together."""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from service.errors import Refusal
from service.host.settings import Settings


def hold_alone(settings: Settings) -> int:
    """For this process and its children, which inherit the descriptor. Raises Refusal while anybody else holds it."""
    create(settings)
    handle = os.open(_path(settings), os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Refusal(f"The installation in {settings.state_dir} is already running.") from None
    os.set_inheritable(handle, True)  # held as long as any process of the tree lives
    return handle


def hold_together(settings: Settings) -> int:
    """For this process and the part that it becomes, by the descriptor. Raises Refusal while s6 holds it."""
    try:
        handle = os.open(_path(settings), os.O_RDONLY)
    except FileNotFoundError:
        raise Refusal(f"{_path(settings)} is missing: run `make install` again.") from None
    if not _share(handle, patience=0.5):  # longer than `is_shared` holds it
        raise Refusal(f"`make start` or `make run` has started the installation in {settings.state_dir}: "
                      "run `make stop` first.")  # fmt: skip
    os.set_inheritable(handle, True)
    return handle


def create(settings: Settings) -> None:
    """The parts' users may hold it, and nobody else: each of them is in the group of the database's."""
    os.close(os.open(_path(settings), os.O_RDWR | os.O_CREAT, 0o600))
    if settings.accounts.are_apart:
        os.chown(_path(settings), 0, settings.accounts.database.gid)
        _path(settings).chmod(0o640)


def is_shared(settings: Settings) -> bool:
    """Whether units hold it."""
    with suppress(FileNotFoundError, PermissionError):
        handle = os.open(_path(settings), os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _share(handle, patience=0)
        finally:
            os.close(handle)
    return False


def _share(handle: int, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
        else:
            return True


def _path(settings: Settings) -> Path:
    return settings.state_dir / "lock"
