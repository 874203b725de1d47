"""What the worker does beside sending: write down results, follow accounting, and look at state and time.

State against sessions: whoever must not be online any more gets a request to end, whatever it was that made it so. One
chore at a time, the one that is most overdue, each with a rest that grows with what it costs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection

from models.network import abilities
from models.network.abilities import Seen, service_of
from models.network.requests import fan_out, outcomes, sweeps
from radius_module.enforce.dispatch import Dispatch
from radius_module.enforce.hours import Hours
from radius_module.enforce.judge.effect import has_effect
from radius_module.enforce.news import News

#: How far back expiries are looked for: what was missed while nobody looked is found with all sessions.
_OVERLAP = 5.0
#: All sessions of a tenant are looked at no more often than this, seconds.
_TENANT = 2.0
#: A chore rests for so many times as long as it took, and at least for its own rest.
_SHARE = 5.0
#: They say by themselves when they are due next.
_BY_THE_CLOCK = ("expiry", "hours")


class Chore(NamedTuple):
    """`rest`: seconds between two of it; `on_news`: it waits for a reason, or else only for its time."""

    name: str
    do: Callable[[Connection, News], None]
    rest: float
    is_wanted: Callable[[News], bool]
    #: Without a reason it is done after so long all the same.
    at_least_every: float


class Chores:
    """When what is to be done next. Moments are monotonic seconds."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self._hours = Hours()
        self._chores = (
            Chore("results", self._write, 0.02, lambda _: dispatch.has_results, 60.0),
            Chore("expiry", self._see_to_expiries, 0.0, lambda news: news.clock, 5.0),
            Chore("hours", self._see_to_hours, 0.0, lambda news: news.hours, 60.0),
            Chore("customers", self._see_to_customers, 0.1, lambda news: bool(news.customers), 60.0),
            Chore("effects", self._verify, 0.1, lambda news: news.sessions, 1.0),
            Chore("events", lambda connection, _: self._look_again(connection), 1.0, lambda _: True, 1.0),
            Chore("everybody", self._see_to_everybody, 1.0, lambda news: news.everything, 60.0),
            Chore("forgetting", self._forget, 0.0, lambda _: False, 600.0),
        )
        self._rested_at = {chore.name: 0.0 for chore in self._chores}
        self._due_at = {chore.name: 0.0 for chore in self._chores}
        self._tenants_at: dict[int, float] = {}
        #: Up to when expiries were seen to, by the database's clock.
        self._expired_until: float | None = None

    def do_one(self, connection: Connection, news: News, now: float) -> bool:
        """The most overdue chore, committed. Whether another one waits."""
        waiting = [(self._moment(chore, news), chore) for chore in self._chores]
        due = sorted((moment, number) for number, (moment, _) in enumerate(waiting) if moment <= now)
        if not due:
            return False
        chore = self._chores[due[0][1]]
        chore.do(connection, news)
        connection.commit()
        if chore.name in ("results", "effects"):
            self._dispatch.written()
        ended = time.monotonic()
        self._rested_at[chore.name] = ended + max(chore.rest, _SHARE * (ended - now) if chore.rest else 0.0)
        if chore.name not in _BY_THE_CLOCK:
            self._due_at[chore.name] = ended + chore.at_least_every
        return len(due) > 1

    def seconds_to_next(self, news: News, now: float) -> float:
        return min(self._moment(chore, news) for chore in self._chores) - now

    def _moment(self, chore: Chore, news: News) -> float:
        rested, due = self._rested_at[chore.name], self._due_at[chore.name]
        return rested if chore.is_wanted(news) else max(rested, due)

    # -- the chores -------------------------------------------------------------------------------------------

    def _write(self, connection: Connection, _news: News) -> None:
        self._dispatch.write(connection)

    @staticmethod
    def _look_again(connection: Connection) -> None:
        fan_out.look_again(connection)

    def _see_to_everybody(self, connection: Connection, news: News) -> None:
        news.everything = False
        sweeps.end_forbidden(connection)
        sweeps.end_surplus(connection)
        outcomes.fail_orphans(connection)

    @staticmethod
    def _forget(connection: Connection, _news: News) -> None:
        outcomes.forget_old(connection)

    def _see_to_customers(self, connection: Connection, news: News) -> None:
        now = time.monotonic()
        for isp_id, customers in list(news.customers.items()):
            if customers is None:
                if now < self._tenants_at.get(isp_id, 0.0) + _TENANT:
                    continue
                self._tenants_at[isp_id] = now
                sweeps.end_forbidden_of_tenant(connection, isp_id)
                sweeps.end_surplus_of_tenant(connection, isp_id)
            elif customers:
                sweeps.end_forbidden_of_customers(connection, isp_id, sorted(customers))
                sweeps.end_surplus_of_customers(connection, isp_id, sorted(customers))
            del news.customers[isp_id]

    def _see_to_expiries(self, connection: Connection, news: News) -> None:
        """At the second at which paid time ends, not when somebody happens to look."""
        news.clock = False
        here = time.monotonic()
        database_now, moment = sweeps.next_expiry(connection)
        since = self._expired_until if self._expired_until is not None else database_now
        sweeps.end_expired(connection, since - _OVERLAP)
        self._expired_until = database_now
        longest = next(chore.at_least_every for chore in self._chores if chore.name == "expiry")
        in_seconds = longest if moment is None else min(longest, moment - database_now)
        self._due_at["expiry"] = here + max(0.0, in_seconds) + 0.001

    def _see_to_hours(self, connection: Connection, news: News) -> None:
        news.hours = False
        here = time.monotonic()
        self._due_at["hours"] = here + self._hours.look(connection) + 0.001

    def _verify(self, connection: Connection, news: News) -> None:
        """What accounting says of requests, and what that says of their devices: one transaction, after the answers."""
        news.sessions = False
        self._dispatch.write(connection)
        outcomes.verify_ends(connection)
        verdicts = [(change, has_effect(change)) for change in outcomes.reported_since(connection)]
        ineffective = outcomes.judge(connection, [(change, did) for change, did in verdicts if did is not None])
        changes = [change for change in ineffective if change.kind == "coa"]
        outcomes.disconnect_instead(connection, [(change.isp_id, change.id) for change in changes])
        seen = [
            Seen(change.isp_id, change.device_id, service_of(change.nas_port_type),
                 coa=False if change.kind == "coa" else None, without_effect=1)
            for change in ineffective
        ]  # fmt: skip
        abilities.learn(connection, seen)
        for news_of_device in seen:
            self._dispatch.learn(news_of_device)
