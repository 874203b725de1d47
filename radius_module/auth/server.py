"""The login process: the directory, who is online, the delay of refusals, the spool of results, and its status file."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from contextlib import suppress

from radius_module import status
from radius_module.auth.crashes import Crashes
from radius_module.auth.feed_listener import FeedListener
from radius_module.auth.unsigned import UnsignedRequests
from radius_module.directory.contents import Directory
from radius_module.directory.devices import Client, Devices
from radius_module.directory.first_load import first_load
from radius_module.directory.readers import Everything
from radius_module.directory.snapshot import Snapshot
from radius_module.directory.sync_marks import Marked, Marks
from radius_module.directory.watch import Watch
from radius_module.guesses.booked import WithGuesses
from radius_module.guesses.counts import GuessCounts
from radius_module.login.duplicates import Duplicates
from radius_module.login.fast_path import FastPath
from radius_module.login.known import KnownLogins
from radius_module.login.passwords import Passwords
from radius_module.login.reject_delay import RejectDelay
from radius_module.online.table import OnlineTable
from radius_module.packets.access_request import LoginRequest
from radius_module.replies.sender import Sender
from radius_module.rules.facts import Device
from radius_module.settings import Settings
from radius_module.spool.background import BackgroundSpool
from radius_module.steady_clock import steady

log = logging.getLogger(__name__)

_SNAPSHOT_EVERY = 5.0
#: Facts of the last minute are served whatever a tenant has set: a pause of the listener is no outage.
_FRESH = 60.0
#: Facts older than this are in the snapshot already.
_RECENT = 10.0


class AuthServer:
    """Everything a login's hooks ask; one in the process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.directory = Directory()
        self.online = OnlineTable()
        self.fast_path = FastPath(self.directory, self.online)
        self.passwords = Passwords(settings.keyring)
        self.guesses, self.reject_delay = GuessCounts(), RejectDelay()
        self.spool = BackgroundSpool(settings.spool("auth"))
        self.duplicates = Duplicates()
        self.known = KnownLogins()
        self.unsigned = UnsignedRequests()
        self.sender = Sender(settings.login_port)
        self._devices = Devices(settings, self.directory)
        self.marks = Marks()
        everything = Everything(self.directory, self.online)
        reader = Marked(WithGuesses(everything, self.directory, self.guesses), self.marks)
        self._watch = Watch(settings.database_url, self.directory, reader, self.spool.node, self._loaded)
        self._snapshot = Snapshot(settings.snapshot, settings.keyring)
        self._feed = FeedListener(
            settings, self.directory, self.online, self.spool, self._watch.again, self._snapshot.note
        )
        #: Code → answers since the start.
        self.answers: Counter[str] = Counter()
        self._stopping = threading.Event()
        self._report = status.report_file(settings.state_dir, "auth")
        self._crashes = Crashes(self._report)

    def start(self) -> None:
        """Load the directory, or else the snapshot, then begin."""
        first_load(self._watch, self.directory, self._snapshot, self.online)
        self._feed.start()
        self._feed.catch_up()
        status.keep_written(self.settings.state_dir, "auth", self._facts, self._stopping)
        threading.Thread(target=self._keep_snapshot, name="snapshot", daemon=True).start()

    def _loaded(self) -> None:
        """The facts are new: some packets heard before may be of customers who are known only now."""
        self._feed.catch_up()
        self.marks.loaded()

    def stop(self) -> None:
        """Put what is in memory on the disk."""
        self._stopping.set()
        with suppress(OSError):
            status.write(self._report, self._facts() | {"stopped": True})
        self._feed.stop()
        self._watch.stop()
        self._snapshot.close()
        self.spool.close()
        self.sender.close()

    def device(self, address: str) -> Device | None:
        """The device at a source address."""
        return self._devices.device(address)

    def client(self, address: str) -> Client | None:
        """The device at a source address, as FreeRADIUS needs it."""
        client = self._devices.client(address)
        self._crashes.hear(address)
        if client is not None:
            self.sender.sign_for(client.device_id, client.secret)
        return client

    def drops(self, request: LoginRequest, now: float) -> bool:
        """Is this request dropped for want of a Message-Authenticator? Then it is counted.

        From a device that may leave it out it must hold no Proxy-State, which the attack on unsigned requests needs
        (CVE-2024-3596).
        """
        if not request.is_unsigned:
            return False
        device = self.device(request.origin.address)
        has_proxy_state = request.reply_to is None or request.reply_to.proxy_states != b""
        if device is not None and not device.require_message_authenticator and not has_proxy_state:
            return False
        self.unsigned.count(request.origin.device_id, now)
        return True

    def is_too_stale(self, isp_id: int, now: float) -> bool:
        """Has the database been away for longer than the tenant lets its logins be served without it?"""
        age = self.directory.age(steady(now))
        if age <= _FRESH:
            return False
        isp = self.directory.isp(isp_id)
        return isp is not None and age > isp.max_stale

    def _keep_snapshot(self) -> None:
        """Every few seconds; in a large installation less often: at most a sixtieth of the time."""
        pause = _SNAPSHOT_EVERY
        while not self._stopping.wait(pause):
            started = time.thread_time()
            try:
                if self.directory.loads and self.directory.age() < _RECENT:
                    self._snapshot.write(self.directory, self.online)
            except OSError as error:
                log.warning("the snapshot cannot be written: %s", error)
            pause = max(_SNAPSHOT_EVERY, 60 * (time.thread_time() - started))

    def _facts(self) -> dict[str, object]:
        contents = self.directory.contents
        return {
            "pid": os.getpid(),
            **status.moment(),
            "customers": len(contents.customers),
            "devices": len(contents.devices),
            "directory_age": self.directory.age() if self.directory.confirmed_at else None,
            "answers": dict(self.answers),
            "unsigned": self.unsigned.plain(),
            "spool": self.spool.state()._asdict(),
            **self._crashes.facts(),
            **status.described(status.directory_troubles(self.directory.age()), self._crashes.warnings()),
        }
