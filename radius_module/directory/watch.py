"""Keeps the directory current: one thread that loads, listens (LISTEN/NOTIFY) and, after a lost connection, reloads.

Logins never wait for this thread. What it cannot know while the database is away makes the directory older, not empty.
"""

from __future__ import annotations

import gc
import logging
import select
import threading
import time
from collections import defaultdict
from collections.abc import Callable

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT
from psycopg2.extensions import connection as RawConnection
from sqlalchemy import Connection, Engine, text

from models.db import first_line, libpq_url, make_engine, normalise_url
from models.deadline import CONNECTING, LIVES_WITHIN, connection_class, patience, scaled
from radius_module.directory.changes import wide_news
from radius_module.directory.changes.backlog import Backlog
from radius_module.directory.contents import Directory
from radius_module.directory.readers import News, Reader
from radius_module.steady_clock import steady_now

log = logging.getLogger(__name__)

#: Seconds between two signs of life of the listening connection, and between two attempts to get it back.
HEARTBEAT = scaled(1.0)
RETRY_AFTER = scaled(0.5)
#: A database that takes longer to answer for the first time hangs; FreeRADIUS' start does not wait for it.
_ANSWERS_WITHIN = 0.8
#: What a piece of news and a whole load may take; after that the connection is given up.
_FOLLOWS_WITHIN, _LOADS_WITHIN = scaled(10.0), scaled(60.0)
#: Between two slices of what is known to have changed, and of what may have, seconds.
_BREATH, _LONG_BREATH = 0.002, 0.1
#: News of a truncated table.
_EVERYTHING = "all"


class Watch:
    """The thread. `origin` is this node's name: the feed brings news of its own writer, sooner."""

    def __init__(
        self, url: str, directory: Directory, reader: Reader, origin: str, loaded: Callable[[], None] = lambda: None
    ) -> None:
        """`loaded` is called after each load."""
        self._url, self._directory, self._reader, self._origin = url, directory, reader, origin
        self._loaded = loaded
        #: Set where the facts must be read anew; noticed within a heartbeat.
        self.again = threading.Event()
        self._engine: Engine = make_engine(url, "infora directory", pool_size=2, max_overflow=0,
                                           answers_within=_FOLLOWS_WITHIN)  # fmt: skip
        self._backlog = Backlog()
        #: Since when changes are to be looked for if the news names no one: of all, and by kind and tenant.
        self._loaded_since, self._since = "", dict[tuple[str, int], str]()
        self._stopping = threading.Event()
        #: Set after the first load, or as soon as it is clear that the database cannot be had now.
        self.tried = threading.Event()
        self._answered = threading.Event()
        self._is_away = False
        self._thread = threading.Thread(target=self._run, name="directory", daemon=True)

    def start(self) -> None:
        """Begin to load and to listen."""
        self._thread.start()
        doubt = threading.Timer(_ANSWERS_WITHIN, self._doubt)
        doubt.daemon = True
        doubt.start()

    def _doubt(self) -> None:
        if not self._answered.is_set():
            self.tried.set()

    def stop(self) -> None:
        """End the thread; waits a moment for it."""
        self._stopping.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except Exception as error:  # whatever it was, the thread that keeps the facts must live
                self._is_away = self._is_away or _note(first_line(error))
            self._engine.dispose()
            self.tried.set()
            self._stopping.wait(RETRY_AFTER)

    def _listen(self) -> None:
        raw = psycopg2.connect(_listening(self._url), connection_factory=connection_class(LIVES_WITHIN))
        try:
            raw.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
            with raw.cursor() as cursor:
                # Listen first, load afterwards: a change between the two is heard, not missed.
                cursor.execute("listen infora")
            self._answered.set()
            self._reload(raw)
            with self._engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                try:
                    while not self._stopping.is_set():
                        self._wait_and_follow(raw, connection)
                except Exception:
                    # Given back, its isolation level would be set back: a word with a server that may be silent.
                    connection.invalidate()
                    raise
        finally:
            raw.close()

    def _wait_and_follow(self, raw: RawConnection, connection: Connection) -> None:
        ready, _, _ = select.select([raw], (), (), self._pause())
        if not ready and self._backlog.is_empty:
            with raw.cursor() as cursor:
                cursor.execute("select 1")
        raw.poll()
        heard = steady_now()
        news = self._gather(raw, connection)
        if news is None or self.again.is_set():
            self._reload(raw)
            return
        for some in (self._backlog.now(news), self._backlog.slice()):
            if some:
                self._reader.follow(connection, some)
        if not self._backlog.is_urgent:
            self._directory.confirmed_at = heard

    def _pause(self) -> float:
        """How long to wait for news: logins have the interpreter between two slices."""
        if self._backlog.is_empty:
            return HEARTBEAT
        return _BREATH if self._backlog.is_urgent else _LONG_BREATH

    def _gather(self, raw: RawConnection, connection: Connection) -> News | None:
        """What changed, by topic; None if everything is to be read anew."""
        news: News = defaultdict(set)
        wide: set[tuple[str, int]] = set()
        notifies, raw.notifies = raw.notifies, []
        for notify in notifies:
            topic, isp_id, ids, origin = notify.payload.split(" ")
            if origin == self._origin or topic not in (*self._reader.topics, _EVERYTHING):
                continue
            if ids != "*":
                news[topic].update(map(int, ids.split(",")))
            elif (kind := wide_news.topic_of(topic)) is not None:
                wide.add((kind, int(isp_id)))
            else:
                return None
        for kind, isp_id in wide:
            self._look_for(connection, kind, isp_id)
        return news

    def _look_for(self, connection: Connection, kind: str, isp_id: int) -> None:
        moment = str(connection.scalar(text(wide_news.MOMENT)))
        since = self._since.get((kind, isp_id), self._loaded_since)
        self._backlog.add(kind, *wide_news.ids(connection, self._directory.contents, kind, isp_id, since))
        self._since[kind, isp_id] = moment

    def _reload(self, raw: RawConnection) -> None:
        started, at = time.monotonic(), steady_now()
        self.again.clear()
        with raw.cursor() as cursor:
            cursor.execute(wide_news.MOMENT)
            (self._loaded_since,) = cursor.fetchone() or ("",)
        self._since, self._backlog = {}, Backlog()
        # A load allocates a million objects and no garbage: the collector would walk them all, several times.
        gc.disable()
        try:
            with self._engine.connect() as connection, patience(connection, _LOADS_WITHIN):
                contents = self._reader.load(connection)
            self._directory.replace(contents)
            self._directory.confirmed_at = at
        finally:
            gc.enable()
        # They live as long as the process: it need not look at them again and again.
        gc.freeze()
        log.info(
            "directory: %d customers, %d devices loaded in %.2f s",
            len(contents.customers), len(contents.devices), time.monotonic() - started,
        )  # fmt: skip
        self._is_away = False
        self.tried.set()
        self._loaded()


def _note(reason: str) -> bool:
    """Once for each time that the database goes away."""
    log.warning("directory: the database is away, serving what is known: %s", reason)
    return True


def _listening(url: str) -> str:
    options = {name: str(value) for name, value in CONNECTING.items()}
    return libpq_url(normalise_url(url).update_query_dict({**options, "application_name": "infora directory listen"}))
