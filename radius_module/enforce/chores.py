"""What the worker looks for without having been asked by a request: time that passes, and what others have changed.

State against sessions: whoever must not be online any more gets a request to end, whatever it was that made it so.
"""

from __future__ import annotations

import time

from sqlalchemy import Connection

from models.network.requests import fan_out, sweeps
from radius_module.enforce.news import News

#: Seconds: between two looks at events of the last minute, and at all sessions; between two looks at all sessions of a
#: tenant of whom too much has changed to be named.
_AGAIN, _ALL, _TENANT = 1.0, 60.0, 2.0
#: The clock is looked at this often at least, for expiries that were moved nearer by hand.
_CLOCK = 5.0
#: How far back expiries are looked for: what was missed while nobody looked is found with all sessions.
_OVERLAP = 5.0


class Chores:
    """When what is to be looked at next. Moments are monotonic seconds."""

    def __init__(self) -> None:
        self._next_again = self._next_all = self._next_expiry = 0.0
        self._looked_at: dict[int, float] = {}
        #: Up to when expiries were seen to, by the database's clock.
        self._expired_until: float | None = None

    @property
    def next_moment(self) -> float:
        return min(self._next_again, self._next_all, self._next_expiry)

    def do(self, connection: Connection, news: News, now: float) -> None:
        """Everything that is due; commits."""
        if news.everything or now >= self._next_all:
            news.everything = False
            self._next_all = now + _ALL
            sweeps.end_forbidden(connection)
        if now >= self._next_again:
            self._next_again = now + _AGAIN
            fan_out.look_again(connection)
        if news.customers:
            self._see_to_customers(connection, news, now)
        if now >= self._next_expiry:
            self._see_to_expiries(connection)
        connection.commit()

    def _see_to_customers(self, connection: Connection, news: News, now: float) -> None:
        for isp_id, customers in list(news.customers.items()):
            if customers is None:
                if now < self._looked_at.get(isp_id, 0.0) + _TENANT:
                    continue
                self._looked_at[isp_id] = now
                sweeps.end_forbidden_of_tenant(connection, isp_id)
            elif customers:
                sweeps.end_forbidden_of_customers(connection, isp_id, sorted(customers))
                sweeps.end_surplus(connection, isp_id, sorted(customers))
            del news.customers[isp_id]
        # An expiry may have been moved nearer.
        self._next_expiry = min(self._next_expiry, now)

    def _see_to_expiries(self, connection: Connection) -> None:
        """At the second at which paid time ends, not when somebody happens to look."""
        here = time.monotonic()
        database_now, moment = sweeps.next_expiry(connection)
        since = self._expired_until if self._expired_until is not None else database_now
        sweeps.end_expired(connection, since - _OVERLAP)
        self._expired_until = database_now
        in_seconds = _CLOCK if moment is None else min(_CLOCK, moment - database_now)
        self._next_expiry = here + max(0.0, in_seconds) + 0.001
