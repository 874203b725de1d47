"""Directories and whose they are: made, checked, and taken over from the one user of earlier releases."""

import os
import shutil
import stat
from pathlib import Path

from service.errors import Refusal
from service.host.account import Account, Accounts, former_uid

#: What lies below a way (service.host.layout).
_INSIDE = ("db", "radius", "api")


def open_way(path: Path, accounts: Accounts) -> None:
    """A directory of the caller's with nothing in it but the parts' own: each reaches its own through it.

    What else is in it goes, such as an earlier release's sockets and reports, which every start makes anew.
    """
    path.mkdir(mode=0o700, exist_ok=True)
    _check(path, {os.geteuid(), former_uid()})
    if accounts.are_apart:
        os.chown(path, 0, 0)
    path.chmod(0o711 if accounts.are_apart else 0o700)
    for entry in path.iterdir():
        if entry.is_symlink() or not entry.is_dir():
            entry.unlink()
        elif entry.name not in _INSIDE:
            shutil.rmtree(entry)


def give(path: Path, account: Account, mode: int) -> None:
    """A directory of that account. Raises Refusal when it belongs to somebody else."""
    path.mkdir(mode=0o700, exist_ok=True)
    owner = _check(path, {os.geteuid(), account.uid, former_uid()})
    if account.switch and owner != account.uid:
        _hand_over(path, account)
    account.own(path)
    path.chmod(mode)


def _check(path: Path, owners: set[int | None]) -> int:
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in owners:
        raise Refusal(f"{path} belongs to somebody else: remove it or choose another STATE_DIR.")
    return status.st_uid


def _hand_over(path: Path, account: Account) -> None:
    """Everything below, the directories after what they hold: an interrupted run is taken up again by the next.

    Only what was the former user's or root's; a name with a second link elsewhere may be a trap set by that user.
    """
    owners = {former_uid(), os.geteuid()}
    for _, directories, files, handle in os.fwalk(path, topdown=False, follow_symlinks=False):
        for name in (*files, *directories):
            status = os.lstat(name, dir_fd=handle)
            if status.st_uid in owners and (stat.S_ISDIR(status.st_mode) or status.st_nlink == 1):
                os.chown(name, account.uid, account.gid, dir_fd=handle, follow_symlinks=False)
