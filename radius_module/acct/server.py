"""The accounting process: devices from memory, and a second process that stores every record before its answer."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from contextlib import suppress
from threading import Event
from typing import Any, NoReturn

from models.accounting.records import AccountingRecord
from radius_module import status
from radius_module.acct import store_process
from radius_module.acct.pipe import Pipe
from radius_module.directory.contents import Directory
from radius_module.directory.devices import PROBE_ID, Client, Devices
from radius_module.directory.first_load import first_load
from radius_module.directory.readers import DevicesOnly
from radius_module.directory.snapshot import Snapshot
from radius_module.directory.watch import Watch
from radius_module.packets.reply_to import ReplyTo
from radius_module.settings import Settings
from radius_module.spool.files import make_ready, node_of
from radius_module.spool.record_kind import kind_of

log = logging.getLogger(__name__)

#: How long the end waits for what is handed over to be stored.
_GRACE = 2.0
#: The process that stores reports each second; where it has not for so long, it waits for the disk.
_SILENCE = 5.0


class AcctServer:
    """Everything the accounting hooks ask; one in the process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._pipe = Pipe(settings.accounting_port, _lost)
        self._store_process = store_process.start(settings, self._pipe)
        self.directory = Directory()
        self._snapshot = Snapshot(settings.snapshot, settings.keyring)
        self._stopping = Event()
        self._last_at = 0.0
        #: Records that could not be handed over, by kind.
        self._refused: Counter[str] = Counter()
        self._devices = Devices(settings, self.directory)
        self._watch = Watch(settings.database_url, self.directory, DevicesOnly(self.directory), _node(settings))

    def start(self) -> None:
        """Learn the devices, from the login process's snapshot if need be, then begin."""
        first_load(self._watch, self.directory, self._snapshot, None)
        status.keep_written(self.settings.state_dir, "acct", self._facts, self._stopping)

    def stop(self) -> None:
        """Put what waits on the disk."""
        self._stopping.set()
        self._watch.stop()
        self._pipe.close_ours()
        deadline = time.monotonic() + _GRACE
        with suppress(ChildProcessError):  # FreeRADIUS looks after children too
            while os.waitpid(self._store_process, os.WNOHANG) == (0, 0) and time.monotonic() < deadline:
                time.sleep(0.005)

    def store(self, record: AccountingRecord, reply_to: ReplyTo) -> bool:
        """Have the record stored and then answered. Counters of a device that swaps the directions are put right.

        False: nothing can be stored at the moment, and no answer will come.
        """
        device = self.directory.device(record.nas_address)
        if device is not None and device.octets_reversed:
            record = record._replace(octets_in=record.octets_out, octets_out=record.octets_in)
        self._last_at = record.received
        is_handed_over = self._pipe.send(record, reply_to)
        if not is_handed_over:
            self._refused[kind_of(record)] += 1
        return is_handed_over

    def _facts(self) -> dict[str, Any]:
        """For status and metrics."""
        stored = self._pipe.facts()
        works = stored.get("spool_works", False) and time.monotonic() - stored["at"] < _SILENCE
        return {
            "pid": os.getpid(),
            **status.moment(),
            "last_accounting_at": self._last_at,
            "directory_age": self.directory.age() if self.directory.confirmed_at else None,
            "spool": stored.get("spool", {}),
            "spool_works": works,
            "taken": stored.get("taken", {}),
            "refused": dict(self._refused + Counter(stored.get("refused", {}))),
            **status.described(self._troubles(works)),
        }

    def _troubles(self, works: bool) -> list[status.Trouble]:
        waits = [] if works else [status.Trouble("spool", "accounting is not being stored: see the log of acct")]
        return waits + status.directory_troubles(self.directory.age())

    def client(self, address: str) -> Client | None:
        """The device at a source address, as FreeRADIUS needs it. The probe has nothing to account for."""
        client = self._devices.client(address)
        if client is None or client.device_id == PROBE_ID:
            return None
        self._pipe.send_secret(client.device_id, client.secret.encode())
        return client


def _node(settings: Settings) -> str:
    """The node's name; `?` where the disk does not work."""
    directory = settings.spool("acct")
    try:
        make_ready(directory)
        return node_of(directory.parent)
    except OSError:
        return "?"


def _lost() -> NoReturn:
    """Nothing can be acknowledged any more: both processes are started again."""
    log.error("accounting: the process that stores is gone; starting again")
    os._exit(1)
