"""What sessions grew, added to the customers' periods and days, in the booking's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection

from models.accounting import statements as sql
from models.accounting.plausible import LEAST_RATE, most_a_second
from models.accounting.records import AccountingRecord, readable
from models.accounting.session import SessionState
from models.accounting.statements import numbers
from models.accounting.usage_split import Calendar, Growth, Periods, placed
from models.tables.subscriptions import running_start_sql

#: The period that runs at `since` and all later ones, or when the customer came.
_PERIODS = f"""
select c.id, date_part('epoch', c.created_at),
       (select array_agg(date_part('epoch', s.period_start) order by s.period_start) from subscriptions s
         where s.isp_id = c.isp_id and s.customer_id = c.id
           and s.period_start >= coalesce({running_start_sql("c.isp_id", "c.id", "to_timestamp(wanted.since)")},
               '-infinity'))
  from unnest(%(isps)s::bigint[], %(ids)s::bigint[], %(since)s::float8[]) as wanted (isp_id, id, since)
  join customers c on c.isp_id = wanted.isp_id and c.id = wanted.id
"""  # noqa: S608  # constants of this package
_ZONES = "select id, timezone from isps where id = any(%(isps)s::bigint[])"

#: A tenant's fastest plan, and a customer's, in Mbit/s.
_FASTEST_PLAN = """
select max(greatest(bandwidth_limit, upload_limit))::float8 from service_plans where isp_id = %(isp)s
"""
_PLAN_OF = """
select max(greatest(p.bandwidth_limit, p.upload_limit))::float8
  from customers c join service_plans p on p.isp_id = c.isp_id and p.id = c.service_plan_id
 where c.isp_id = %(isp)s and c.id = coalesce(%(customer)s, (select infora_customer_of(%(isp)s, %(name)s)))
"""


class Total(NamedTuple):
    """What the database holds of one customer's period after a batch, for memories that count along."""

    isp_id: int
    customer_id: int
    #: Epoch seconds.
    period_start: float
    octets: int


def count(connection: Connection, grown: Sequence[tuple[SessionState, Growth]]) -> list[Total]:
    """Add growth to the customers' periods and days, and request what a crossed allowance asks of the network."""
    since: dict[tuple[int, int], float] = {}
    for state, growth in grown:
        if state.customer_id is not None:
            key = (state.isp_id, state.customer_id)
            since[key] = min(growth.start, since.get(key, growth.start))
    if not since:
        return []
    calendars, periods = _calendars(connection, {isp for isp, _ in since}), _periods(connection, since)
    by_period: dict[tuple[int, int, float], list[int]] = defaultdict(lambda: [0, 0])
    by_day: dict[tuple[int, int, date], list[int]] = defaultdict(lambda: [0, 0])
    for state, growth in grown:
        known = None if state.customer_id is None else periods.get(state.customer_id)
        if known is None or state.customer_id is None:
            continue
        for day, period, piece in placed(growth, calendars[state.isp_id], known):
            whose = state.isp_id, state.customer_id
            for sums in (by_period[*whose, period], by_day[*whose, day]):
                sums[0] += piece.octets_in
                sums[1] += piece.octets_out
    return _add(connection, by_period, by_day)


def move_to_first_period(connection: Connection, isp_id: int, customer_id: int, start: datetime) -> None:
    """A first period begins: what has been booked without one, of sessions that its login opened, is used of it."""
    connection.exec_driver_sql(sql.MOVE_USAGE, {"isp": isp_id, "customer": customer_id, "start": start})


def _add(
    connection: Connection,
    by_period: dict[tuple[int, int, float], list[int]],
    by_day: dict[tuple[int, int, date], list[int]],
) -> list[Total]:
    """In the order of keys, so that two nodes never wait for each other in a circle."""
    if not by_period:
        return []
    periods = sorted(by_period.items())
    totals = connection.exec_driver_sql(
        sql.ADD_USAGE, _sums(periods) | {"period": numbers(repr(key[2]) for key, _ in periods)}
    ).all()
    days = sorted(by_day.items())
    connection.exec_driver_sql(sql.ADD_DAYS, _sums(days) | {"day": numbers(key[2] for key, _ in days)})
    connection.exec_driver_sql(sql.REQUEST_CROSSINGS, {
        "isp": numbers(key[0] for key, _ in periods), "customer": numbers(key[1] for key, _ in periods),
        "period": numbers(repr(key[2]) for key, _ in periods), "added": numbers(sum(both) for _, both in periods),
    })  # fmt: skip
    return [Total(*row) for row in totals]


def _sums(rows: Sequence[tuple[tuple[int, int, object], list[int]]]) -> dict[str, str]:
    return {
        "isp": numbers(key[0] for key, _ in rows), "customer": numbers(key[1] for key, _ in rows),
        "octets_in": numbers(both[0] for _, both in rows), "octets_out": numbers(both[1] for _, both in rows),
    }  # fmt: skip


def _calendars(connection: Connection, isps: Iterable[int]) -> dict[int, Calendar]:
    rows = connection.exec_driver_sql(_ZONES, {"isps": numbers(isps)})
    return {isp_id: Calendar.of(zone) for isp_id, zone in rows}


def _periods(connection: Connection, since: dict[tuple[int, int], float]) -> dict[int, Periods]:
    """Periods of the customers that still exist; for the others nothing is counted."""
    rows = connection.exec_driver_sql(_PERIODS, {
        "isps": numbers(isp for isp, _ in since), "ids": numbers(customer for _, customer in since),
        "since": numbers(map(repr, since.values())),
    })  # fmt: skip
    by_customer, earliest = {}, {customer: moment for (_, customer), moment in since.items()}
    for customer_id, created, begun in rows:
        starts = names = begun or []
        if not starts or starts[0] > earliest[customer_id]:
            starts, names = [float("-inf"), *starts], [created, *starts]
        by_customer[customer_id] = Periods(starts, names)
    return by_customer


class LineRates:
    """What customers' lines carry at most, asked only for growth beyond 10 Gbit/s.

    One batch's questions, each asked once. A tenant without a plan above 1 Gbit/s is asked about once for all.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._fastest: dict[int, float] = {}
        self._known: dict[tuple[int, int | bytes], float] = {}

    def of(self, state: SessionState, record: AccountingRecord) -> float:
        """Octets a second, both directions together."""
        isp_id, customer_id = state.isp_id, state.customer_id
        if isp_id not in self._fastest:
            self._fastest[isp_id] = self._rate(_FASTEST_PLAN, {"isp": isp_id})
        if self._fastest[isp_id] <= LEAST_RATE:
            return LEAST_RATE
        key = isp_id, record.username if customer_id is None else customer_id
        if key not in self._known:
            values = {"isp": isp_id, "customer": customer_id, "name": readable(record.username)}
            self._known[key] = self._rate(_PLAN_OF, values)
        return self._known[key]

    def _rate(self, statement: str, values: Mapping[str, object]) -> float:
        return most_a_second(self._connection.exec_driver_sql(statement, dict(values)).scalar())
