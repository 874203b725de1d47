"""The accounting process: routers from memory, and a second process that stores every record before its answer."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from contextlib import suppress
from threading import Event, Thread
from typing import Any, NoReturn

from models.accounting.records import AccountingRecord
from radius_module import status
from radius_module.acct import store_process
from radius_module.acct.pipe import Pipe
from radius_module.directory.contents import Directory
from radius_module.directory.devices import PROBE_ID, Client, Devices
from radius_module.directory.readers import DevicesOnly
from radius_module.directory.snapshot import Snapshot
from radius_module.directory.watch import Watch
from radius_module.packets.reply_to import ReplyTo
from radius_module.settings import Settings
from radius_module.spool.files import make_ready, node_of
from radius_module.spool.record_kind import kind_of

log = logging.getLogger(__name__)

_PATIENCE = 60.0
#: How long the start waits for the database where there is a snapshot.
_HURRY = 2.5
#: How long the end waits for what is handed over to be stored.
_GRACE = 2.0
#: The process that stores says something each second; if it does not for so long, the disk holds it.
_SILENCE = 5.0


class AcctServer:
    """Everything the accounting hooks ask; one in the process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._handover = Pipe(settings.accounting_port, _lost)
        self._spooler = store_process.start(settings, self._handover)
        self.directory = Directory()
        self._snapshot = Snapshot(settings.snapshot, settings.keyring)
        self._stopping = Event()
        self._last_at = 0.0
        #: Records that could not be handed over, by kind.
        self._refused: Counter[str] = Counter()
        self._routers = Devices(settings, self.directory)
        self._watch = Watch(settings.database_url, self.directory, DevicesOnly(self.directory), _node(settings))

    def start(self) -> None:
        """Learn the routers, from the login process's snapshot if need be, then begin."""
        self._watch.start()
        self._watch.tried.wait(_HURRY)
        if not self.directory.loads and not self._snapshot.restore(self.directory, None):
            self._watch.tried.wait(_PATIENCE)

        path = self.settings.state_dir / "run" / "acct.json"
        Thread(target=status.keep, args=(path, self._facts, self._stopping), name="report", daemon=True).start()

    def stop(self) -> None:
        """Put what waits on the disk."""
        self._stopping.set()
        self._watch.stop()
        self._handover.close_ours()
        deadline = time.monotonic() + _GRACE
        with suppress(ChildProcessError):  # FreeRADIUS looks after children too
            while os.waitpid(self._spooler, os.WNOHANG) == (0, 0) and time.monotonic() < deadline:
                time.sleep(0.005)

    def take(self, report: AccountingRecord, reply_to: ReplyTo) -> bool:
        """Have the report written down and then answered. A router that counts the other way round is put right.

        False: the spool takes nothing at the moment, and no answer will come.
        """
        device = self.directory.device(report.nas_address)
        if device is not None and device.octets_reversed:
            report = report._replace(octets_in=report.octets_out, octets_out=report.octets_in)
        self._last_at = report.received
        taken = self._handover.take(report, reply_to)
        if not taken:
            self._refused[kind_of(report)] += 1
        return taken

    def _facts(self) -> dict[str, Any]:
        """For status and metrics."""
        told, now = self._handover.facts(), time.time()
        return {
            "pid": os.getpid(),
            "at": now,
            "last_accounting_at": self._last_at,
            "confirmed_at": self.directory.confirmed_at,
            "spool": told.get("spool", {}),
            "spool_works": told.get("spool_works", False) and now - told["said"] < _SILENCE,
            "taken": told.get("taken", {}),
            "refused": dict(self._refused + Counter(told.get("refused", {}))),
        }

    def client(self, address: str) -> Client | None:
        """The router at a source address, as FreeRADIUS needs it. The probe has nothing to account for."""
        client = self._routers.client(address)
        if client is None or client.device_id == PROBE_ID:
            return None
        self._handover.tell_secret(address, client.secret.encode())
        return client


def _node(settings: Settings) -> str:
    """The node's name; a broken disk does not give it."""
    directory = settings.spool("acct")
    try:
        make_ready(directory)
        return node_of(directory.parent)
    except OSError:
        return "?"


def _lost() -> NoReturn:
    """Nothing can be acknowledged any more; this process is started anew, and with it the other."""
    log.error("accounting: the process that stores is gone; starting again")
    os._exit(1)
