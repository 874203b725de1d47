"""The accounting process: routers from memory, and the spool that every record is written to before its answer."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from threading import Event, Thread

from models.reports import SessionReport
from radius_module import process_report
from radius_module.directory import Directory
from radius_module.directory_readers import RoutersOnly
from radius_module.directory_watch import Watch
from radius_module.feed import RecordFeed
from radius_module.own_socket import Receipt
from radius_module.receipts import Receipts
from radius_module.routers import PROBE_ID, Client, Routers
from radius_module.settings import Settings
from radius_module.snapshot import Snapshot
from radius_module.spool import Spool
from radius_module.spool_waiters import Owed

_PATIENCE = 60.0
#: How long the start waits for the database where there is a snapshot.
_HURRY = 2.5
_CHECK_EVERY = 5.0


class AccountingServer:
    """Everything the accounting hooks ask; one in the process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.directory = Directory()
        #: Source address → secret, as FreeRADIUS was last told.
        self._secrets: dict[str, bytes] = {}
        self._receipts = Receipts(settings.accounting_port, self._secrets)
        self.spool = Spool(settings.spool("acct"), RecordFeed(settings.feed_socket), self.settled)
        self._snapshot = Snapshot(settings.snapshot, settings.keyring)
        self._stopping = Event()
        self._last_at = 0.0
        self._checked_at, self._check_passed = 0.0, False
        self._routers = Routers(settings, self.directory)
        self._watch = Watch(settings.database_url, self.directory, RoutersOnly(self.directory), self.spool.node)

    def start(self) -> None:
        """Learn the routers, from the login process's snapshot if need be, then begin."""
        self._watch.start()
        self._watch.tried.wait(_HURRY)
        if not self.directory.loads and not self._snapshot.restore(self.directory, None):
            self._watch.tried.wait(_PATIENCE)

        path = self.settings.state_dir / "run" / "acct.json"
        Thread(target=process_report.keep, args=(path, self._facts, self._stopping), name="report", daemon=True).start()

    def stop(self) -> None:
        """Put what waits on the disk."""
        self._stopping.set()
        self._watch.stop()
        self.spool.close()
        self._receipts.close()

    def take(self, report: SessionReport, receipt: Receipt) -> bool:
        """Have the report written down and then answered. A router that counts the other way round is put right.

        False: the spool takes nothing at the moment, and no answer will come.
        """
        device = self.directory.device(report.nas_address)
        if device is not None and device.octets_reversed:
            report = report._replace(octets_in=report.octets_out, octets_out=report.octets_in)
        self._last_at = report.received
        return self.spool.take(report, receipt)

    def settled(self, owed: Sequence[Owed], stored: bool) -> None:
        """Told by the spool: these are on the disk, or were refused by it."""
        if stored:
            self._receipts.send([receipt for _, receipt in owed])

    def _facts(self) -> dict[str, object]:
        """For status and metrics. Every few seconds the spool is tried: a mark written, synced and read back."""
        if time.time() - self._checked_at > _CHECK_EVERY:
            self._check_passed, self._checked_at = self.spool.check(), time.time()
        return {
            "pid": os.getpid(),
            "at": time.time(),
            "last_accounting_at": self._last_at,
            "spool": self.spool.state()._asdict(),
            "spool_works": self._check_passed and self.spool.state().working,
            "confirmed_at": self.directory.confirmed_at,
        }

    def client(self, address: str) -> Client | None:
        """The router at a source address, as FreeRADIUS needs it. The probe has nothing to account for."""
        client = self._routers.client(address)
        if client is None or client.device_id == PROBE_ID:
            return None
        self._secrets[address] = client.secret.encode()
        return client
