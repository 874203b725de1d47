"""What the database tells: new requests, and whose facts or sessions have changed (LISTEN/NOTIFY)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection

from models.db import libpq_url
from models.deadline import CONNECTING, connection_class, scaled

_CHANNELS = ("infora", "infora_outbox")
#: Seconds that taking in news may take before the connection counts as dead.
_ANSWERS_WITHIN = scaled(5.0)
#: Topics after which sessions may have to end that were in order before.
_OF_TENANTS = ("isps", "devices")


class News:
    """What has been heard and not been looked at yet."""

    def __init__(self) -> None:
        self.requests = True
        self.sessions = True
        #: Tenant → customers; None: any of them.
        self.customers: dict[int, set[int] | None] = defaultdict(set)
        self.everything = True
        #: An expiry may have been moved nearer.
        self.clock = True
        #: A plan's hours may have changed, or a tenant's zone.
        self.hours = True

    def take(self, channel: str, payload: str) -> None:
        """`<topic> <tenant> <ids or *> <origin>`; anything else is a reason to look at everything."""
        if channel == "infora_outbox":
            self.requests = True
            return
        topic, _, rest = payload.partition(" ")
        isp, _, rest = rest.partition(" ")
        ids = rest.partition(" ")[0]
        if topic == "all" or not isp.isdigit():
            self.everything = self.sessions = self.clock = self.hours = True
            return
        self.hours = self.hours or topic in ("isps", "plans")
        if topic in _OF_TENANTS:
            self.customers[int(isp)] = None
        elif topic in ("customers", "sessions"):
            self.sessions = self.sessions or topic == "sessions"
            self.clock = self.clock or topic == "customers"
            self._note(int(isp), ids)

    def _note(self, isp_id: int, ids: str) -> None:
        known = self.customers[isp_id]
        if known is None:
            return
        if ids == "*":
            self.customers[isp_id] = None
        else:
            known.update(int(word) for word in ids.split(",") if word.isdigit())


class Listener:
    """A connection of its own that does nothing but listen."""

    def __init__(self, url: str) -> None:
        options: Any = CONNECTING | {"application_name": "infora worker news"}
        self._connection: Connection = psycopg2.connect(
            libpq_url(url), connection_factory=connection_class(_ANSWERS_WITHIN), **options
        )
        self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            for channel in _CHANNELS:
                cursor.execute(f"listen {channel}")

    def fileno(self) -> int:
        return int(self._connection.fileno())

    def read(self, news: News) -> None:
        """Take in what has arrived. Raises psycopg2.Error where the connection is gone."""
        self._connection.poll()
        while self._connection.notifies:
            notice = self._connection.notifies.pop(0)
            news.take(notice.channel, notice.payload)

    def close(self) -> None:
        self._connection.close()
