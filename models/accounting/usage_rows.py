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
from models.tables.plans import windows_of
from models.tables.subscriptions import running_start_sql
from models.timetable import timetable

#: The period that runs at `since` and all later ones, or when the customer came; and the hours of the plan.
_PERIODS = f"""
select c.id, date_part('epoch', c.created_at),
       (select array_agg(date_part('epoch', s.period_start) order by s.period_start) from subscriptions s
         where s.isp_id = c.isp_id and s.customer_id = c.id
           and s.period_start >= coalesce({running_start_sql("c.isp_id", "c.id", "to_timestamp(wanted.since)")},
               '-infinity')),
       c.isp_id, p.hours
  from unnest(%(isps)s::bigint[], %(ids)s::bigint[], %(since)s::float8[]) as wanted (isp_id, id, since)
  join customers c on c.isp_id = wanted.isp_id and c.id = wanted.id
  left join service_plans p on p.isp_id = c.isp_id and p.id = c.service_plan_id
"""  # noqa: S608  # constants of this package
_ZONES = "select id, timezone from isps where id = any(%(isps)s::bigint[])"

#: The fastest that a plan ever is, in Mbit/s; a tenant's fastest plan, and a customer's.
_FASTEST = """max(greatest(p.bandwidth_limit, p.upload_limit, (
  select max(greatest((h ->> 'bandwidth_limit')::numeric, (h ->> 'upload_limit')::numeric))
    from jsonb_array_elements(p.hours) as h)))::float8"""
_FASTEST_PLAN = f"select {_FASTEST} from service_plans p where p.isp_id = %(isp)s"  # noqa: S608  # of this file
_PLAN_OF = f"""
select {_FASTEST}
  from customers c join service_plans p on p.isp_id = c.isp_id and p.id = c.service_plan_id
 where c.isp_id = %(isp)s and c.id = coalesce(%(customer)s, (select infora_customer_of(%(isp)s, %(name)s)))
"""  # noqa: S608  # as above

_ADD_USAGE = """
insert into usage (isp_id, customer_id, period_start, bytes_in, bytes_out, uncounted_in, uncounted_out, seconds)
select isp, customer, to_timestamp(period), octets_in, octets_out, free_in, free_out, seconds
  from unnest(%(isp)s::bigint[], %(customer)s::bigint[], %(period)s::float8[], %(octets_in)s::bigint[],
              %(octets_out)s::bigint[], %(free_in)s::bigint[], %(free_out)s::bigint[], %(seconds)s::bigint[])
       as new (isp, customer, period, octets_in, octets_out, free_in, free_out, seconds)
on conflict (isp_id, customer_id, period_start) do update
   set bytes_in = usage.bytes_in + excluded.bytes_in, bytes_out = usage.bytes_out + excluded.bytes_out,
       uncounted_in = usage.uncounted_in + excluded.uncounted_in,
       uncounted_out = usage.uncounted_out + excluded.uncounted_out, seconds = usage.seconds + excluded.seconds,
       updated_at = now()
returning isp_id, customer_id, date_part('epoch', period_start),
          bytes_in + bytes_out - uncounted_in - uncounted_out, seconds
"""

_ADD_DAYS = """
insert into usage_daily (isp_id, customer_id, day, bytes_in, bytes_out, uncounted_in, uncounted_out)
select * from unnest(%(isp)s::bigint[], %(customer)s::bigint[], %(day)s::date[], %(octets_in)s::bigint[],
                     %(octets_out)s::bigint[], %(free_in)s::bigint[], %(free_out)s::bigint[])
on conflict (isp_id, customer_id, day) do update
   set bytes_in = usage_daily.bytes_in + excluded.bytes_in, bytes_out = usage_daily.bytes_out + excluded.bytes_out,
       uncounted_in = usage_daily.uncounted_in + excluded.uncounted_in,
       uncounted_out = usage_daily.uncounted_out + excluded.uncounted_out
"""

#: What was booked before a first period was known is that period's.
_MOVE_USAGE = """
update usage u set period_start = %(start)s from customers c where c.isp_id = u.isp_id and c.id = u.customer_id
   and u.period_start = c.created_at and u.isp_id = %(isp)s and u.customer_id = %(customer)s
"""


#: Octets in and out, those of both that do not count, and seconds online.
Sums = list[int]
_AMOUNTS = ("octets_in", "octets_out", "free_in", "free_out", "seconds")


class Total(NamedTuple):
    """What the database holds of one customer's period after a batch, for memories that count along."""

    isp_id: int
    customer_id: int
    #: Epoch seconds.
    period_start: float
    #: Those that count.
    octets: int
    #: Time online.
    seconds: int


def count(connection: Connection, grown: Sequence[tuple[SessionState, Growth]]) -> list[Total]:
    """Add growth to the customers' periods and days, and request what a crossed allowance asks of the network."""
    since: dict[tuple[int, int], float] = {}
    for state, growth in grown:
        if state.customer_id is not None:
            key = (state.isp_id, state.customer_id)
            since[key] = min(growth.start, since.get(key, growth.start))
    if not since:
        return []
    zones = _zones(connection, {isp for isp, _ in since})
    calendars = {isp_id: Calendar.of(zone) for isp_id, zone in zones.items()}
    periods = _periods(connection, since, zones)
    by_period: dict[tuple[int, int, float], Sums] = defaultdict(lambda: [0, 0, 0, 0, 0])
    by_day: dict[tuple[int, int, date], Sums] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for state, growth in grown:
        known = None if state.customer_id is None else periods.get(state.customer_id)
        if known is None or state.customer_id is None:
            continue
        for day, period, counts, piece in placed(growth, calendars[state.isp_id], known):
            whose = state.isp_id, state.customer_id
            _sum_up(by_period[*whose, period], piece, counts=counts)
            if growth.octets_in or growth.octets_out:
                _sum_up(by_day[*whose, day], piece, counts=counts)
    return _add(connection, by_period, by_day)


def _sum_up(sums: Sums, piece: Growth, *, counts: bool) -> None:
    sums[0] += piece.octets_in
    sums[1] += piece.octets_out
    sums[4] += piece.seconds
    if not counts:
        sums[2] += piece.octets_in
        sums[3] += piece.octets_out


def move_to_first_period(connection: Connection, isp_id: int, customer_id: int, start: datetime) -> None:
    """A first period begins: what has been booked without one, of sessions that its login opened, is used of it."""
    connection.exec_driver_sql(_MOVE_USAGE, {"isp": isp_id, "customer": customer_id, "start": start})


def _add(
    connection: Connection,
    by_period: dict[tuple[int, int, float], Sums],
    by_day: dict[tuple[int, int, date], Sums],
) -> list[Total]:
    """In the order of keys, so that two nodes never wait for each other in a circle."""
    if not by_period:
        return []
    periods = sorted(by_period.items())
    totals = connection.exec_driver_sql(
        _ADD_USAGE, _sums(periods) | {"period": numbers(repr(key[2]) for key, _ in periods)}
    ).all()
    if days := sorted(by_day.items()):
        connection.exec_driver_sql(_ADD_DAYS, _sums(days) | {"day": numbers(key[2] for key, _ in days)})
    connection.exec_driver_sql(sql.REQUEST_CROSSINGS, {
        "isp": numbers(key[0] for key, _ in periods), "customer": numbers(key[1] for key, _ in periods),
        "period": numbers(repr(key[2]) for key, _ in periods),
        "added": numbers(octets_in + octets_out - free_in - free_out
                         for _, (octets_in, octets_out, free_in, free_out, _seconds) in periods),
        "seconds": numbers(sums[4] for _, sums in periods),
    })  # fmt: skip
    return [Total(*row) for row in totals]


def _sums(rows: Sequence[tuple[tuple[int, int, object], Sums]]) -> dict[str, str]:
    return {"isp": numbers(key[0] for key, _ in rows), "customer": numbers(key[1] for key, _ in rows)} | {
        name: numbers(sums[at] for _, sums in rows) for at, name in enumerate(_AMOUNTS)
    }


def _zones(connection: Connection, isps: Iterable[int]) -> dict[int, str]:
    rows = connection.exec_driver_sql(_ZONES, {"isps": numbers(isps)})
    return {isp_id: zone for isp_id, zone in rows}


def _periods(
    connection: Connection, since: dict[tuple[int, int], float], zones: Mapping[int, str]
) -> dict[int, Periods]:
    """Periods of the customers that still exist; for the others nothing is counted."""
    rows = connection.exec_driver_sql(_PERIODS, {
        "isps": numbers(isp for isp, _ in since), "ids": numbers(customer for _, customer in since),
        "since": numbers(map(repr, since.values())),
    })  # fmt: skip
    by_customer, earliest = {}, {customer: moment for (_, customer), moment in since.items()}
    for customer_id, created, begun, isp_id, hours in rows:
        starts = names = begun or []
        if not starts or starts[0] > earliest[customer_id]:
            starts, names = [float("-inf"), *starts], [created, *starts]
        table = timetable(zones[isp_id], windows_of(hours)) if hours else None
        by_customer[customer_id] = Periods(starts, names, table)
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
