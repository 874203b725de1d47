"""The worker's loop: hears what changed, makes requests of it, sends them, and follows them until they are done.

One thread. Everything it knows beyond what is on the wire lies in the database, so that it may be killed at any moment
and started again, and several may run: a device is served by one of them at a time. Between two looks at new requests
at most one chore is done: a request waits for no more than that.
"""

from __future__ import annotations

import logging
import select
import threading
import time
from contextlib import suppress

import psycopg2
from sqlalchemy import Connection, Engine, exc, text

from models.db import first_line
from models.network.requests import claims, fan_out
from radius_module.enforce.chores import Chores
from radius_module.enforce.dispatch import Dispatch, Key
from radius_module.enforce.news import Listener, News

log = logging.getLogger("radius_module.enforce")

#: Seconds: between two looks at the outbox without news; between two claims for devices with a backlog; how long a
#: device without requests stays this worker's.
_LOOK, _BACKLOG, _IDLE = 0.5, 0.1, 5.0
#: Waits between attempts while the database is away, seconds.
_RETRY = (0.2, 0.5, 1.0, 2.0)
_LONGEST_WAIT = 0.5


class Worker:
    """Carries out what the outbox asks for."""

    def __init__(self, engine: Engine, url: str, dispatch: Dispatch) -> None:
        self._engine, self._url, self._dispatch = engine, url, dispatch
        self._connection: Connection | None = None
        self._listener: Listener | None = None
        self._news = News()
        self._chores = Chores(dispatch)
        self._owned: set[Key] = set()
        #: Devices that had something due when they were last asked about.
        self._hungry: set[Key] = set()
        self._next_look = self._next_claim = 0.0
        self.stopping = threading.Event()

    def run(self) -> None:
        """Until told to stop. Never raises."""
        failures = 0
        while not self.stopping.is_set():
            try:
                self._step()
                failures = 0
            except (exc.SQLAlchemyError, psycopg2.Error, OSError) as wrong:
                level = logging.WARNING if failures == 0 else logging.DEBUG
                log.log(level, "worker: trying again: %s", first_line(wrong))
                self._lose()
                self.stopping.wait(_RETRY[min(failures, len(_RETRY) - 1)])
                failures += 1
        self._lose()

    def _step(self) -> None:
        """New requests first, then the wire, then one chore; then wait for whatever comes next."""
        connection, listener = self._connected()
        self._look_for_requests(connection)
        now = time.monotonic()
        self._dispatch.send_due(now)
        is_busy = self._chores.do_one(connection, self._news, now)
        self._wait(listener, 0.0 if is_busy else self._seconds_to_wait(time.monotonic()))
        self._dispatch.expire(time.monotonic())

    # -- the database -----------------------------------------------------------------------------------------

    def _look_for_requests(self, connection: Connection) -> None:
        """Events become requests, and those that are due are taken: all of it committed before anything leaves."""
        now = time.monotonic()
        if self._news.requests:
            self._news.requests = False
            while fan_out.fan_out(connection):
                connection.commit()
            self._next_look = 0.0
        if now >= self._next_look:
            self._next_look = now + _LOOK
            self._find_hungry(connection)
            self._next_claim = 0.0
        if self._hungry and now >= self._next_claim:
            self._next_claim = now + _BACKLOG
            took = self._dispatch.take(connection, sorted(self._hungry))
            self._hungry = took | {key for key in self._hungry if self._dispatch.is_full(key)}
        if connection.in_transaction():
            connection.commit()

    def _find_hungry(self, connection: Connection) -> None:
        """Devices with something due, as far as they are this worker's; those long without are let go."""
        wanting = {(each.isp_id, each.device_id) for each in claims.devices_wanting(connection) if each.due_in <= 0}
        strange = sorted(wanting - self._owned)
        if strange:
            mine = claims.own(connection, [device for _, device in strange])
            self._owned |= {key for key in strange if key[1] in mine}
        self._hungry |= wanting & self._owned
        idle = [key for key in self._dispatch.idle(time.monotonic() - _IDLE) if key not in wanting]
        if idle:
            self._dispatch.let_go(idle)
            claims.disown(connection, [device for _, device in idle if (_, device) in self._owned])
            self._owned -= set(idle)

    def _connected(self) -> tuple[Connection, Listener]:
        if self._connection is None or self._listener is None:
            self._listener = Listener(self._url)
            self._connection = self._engine.connect()
            # What a crash of the database takes back is done again and does no harm.
            self._connection.execute(text("set synchronous_commit = off"))
            self._connection.commit()
            # What happened while nobody listened.
            self._news = News()
        return self._connection, self._listener

    def _lose(self) -> None:
        """Begin anew. Devices may be another worker's by now; what is on the wire is still waited for."""
        self._owned.clear()
        self._hungry.clear()
        self._dispatch.drop_queues()
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(exc.SQLAlchemyError):
                connection.invalidate()
                connection.close()
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(psycopg2.Error):
                listener.close()

    # -- the wire ---------------------------------------------------------------------------------------------

    def _seconds_to_wait(self, now: float) -> float:
        moments = [_LONGEST_WAIT, self._next_look - now, self._chores.seconds_to_next(self._news, now)]
        if self._hungry:
            moments.append(self._next_claim - now)
        if (on_the_wire := self._dispatch.next_moment(now)) is not None:
            moments.append(on_the_wire)
        return max(0.0, min(moments))

    def _wait(self, listener: Listener, seconds: float) -> None:
        """Until something arrives, or for so long; take in what has arrived."""
        stations = {station.line.socket.fileno(): station for station in self._dispatch.stations.values()}
        poll = select.poll()
        for number in (listener.fileno(), *stations):
            poll.register(number, select.POLLIN)
        for number, _events in poll.poll(seconds * 1000):
            if number in stations:
                self._dispatch.receive(stations[number])
            else:
                listener.read(self._news)
