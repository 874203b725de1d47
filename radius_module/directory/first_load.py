"""How both FreeRADIUS processes start: from the database, or else from the snapshot."""

from __future__ import annotations

import gc

from radius_module.directory.contents import Directory
from radius_module.directory.snapshot import Snapshot
from radius_module.directory.watch import Watch
from radius_module.online.table import OnlineTable

#: How long FreeRADIUS' start waits for the first load; later it serves what it has, and goes on trying.
_PATIENCE = 60.0
#: How long it waits for the database where there is a snapshot to serve from.
_HURRY = 2.5


def first_load(watch: Watch, directory: Directory, snapshot: Snapshot, online: OnlineTable | None) -> None:
    """Start the watch; returns when the directory is filled, or cannot be at the moment."""
    watch.start()
    watch.tried.wait(_HURRY)
    if not directory.loads and not _restored(directory, snapshot, online):
        watch.tried.wait(_PATIENCE)


def _restored(directory: Directory, snapshot: Snapshot, online: OnlineTable | None) -> bool:
    """Was there a usable copy?"""
    # A million objects and no garbage: the collector would walk them all, several times, now and later.
    gc.disable()
    try:
        return snapshot.restore(directory, online)
    finally:
        gc.enable()
        gc.freeze()
