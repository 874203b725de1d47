"""The hours of plans begin and end: a request for each session that had something else before, by the caller's
transaction.

The boundary is a moment and not a row: a session whose login was before it has its request since then or needs one, so
that looking again makes none twice, and what was missed while nobody looked is found afterwards.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from sqlalchemy import Connection, text

from models.network.requests.events import RATE
from models.network.requests.fan_out import LOGIN_SECOND
from models.tables.plans import rate_limit, windows_of
from models.tables.subscriptions import bought_bytes_sql, running_start_sql
from models.timetable import Timetable, timetable

#: A Start that comes after a boundary may speak of so many seconds before it.
_LATE = 120
#: Serves one purpose among the advisory locks of this database: two workers make no two requests.
_LOCK = 0x18F0
_PLANS = text("""
select date_part('epoch', now()), p.isp_id, p.id, i.timezone, p.hours, p.bandwidth_limit, p.upload_limit,
       p.data_limit_bytes is not null
  from service_plans p join isps i on i.id = p.isp_id where p.hours is not null
""")
#: By our Class, or else by the Start.
_LET_IN = f"coalesce({LOGIN_SECOND}, date_part('epoch', r.acctstarttime))"
#: Whoever has something left notices nothing of an hour that begins to count.
_IS_USED_UP = f"""exists (
       select from usage u where u.isp_id = c.isp_id and u.customer_id = c.id
          and u.period_start = coalesce({running_start_sql("c.isp_id", "c.id", "now()")}, c.created_at)
          and u.bytes_in + u.bytes_out - u.uncounted_in - u.uncounted_out
              >= p.data_limit_bytes + {bought_bytes_sql("c.isp_id", "c.id", "u.period_start")})
   or p.data_limit_bytes = 0"""
_ASK = text(f"""
insert into outbox (isp_id, customer_id, device_id, kind, reason, acctuniqueid, session_month, session_id, username,
                    payload)
select r.isp_id, r.customer_id, r.device_id, 'coa', 'time_of_day', r.acctuniqueid, r.session_month, r.acctsessionid,
       r.username, cast(:payload as jsonb)
  from service_plans p
  join customers c on c.isp_id = p.isp_id and c.service_plan_id = p.id
  join radacct r on r.isp_id = c.isp_id and r.customer_id = c.id and r.acctstoptime is null
 where p.isp_id = :isp and p.id = :plan and r.device_id is not null and {_LET_IN} < :boundary
   and (:everybody or {_IS_USED_UP}) and (not :again or r.acctstarttime > to_timestamp(:boundary - {_LATE}))
   and not exists (select from outbox o where o.isp_id + 0 = r.isp_id and o.acctuniqueid = r.acctuniqueid
                      and o.reason = 'time_of_day' and o.created_at >= to_timestamp(:boundary))
 order by r.acctuniqueid
""")  # noqa: S608  # constants of this file


class PlanHours(NamedTuple):
    """A plan that has hours. `rate`: what it gives outside of them."""

    now: float
    isp_id: int
    id: int
    table: Timetable
    rate: str | None
    has_cap: bool


def plans_with_hours(connection: Connection) -> list[PlanHours]:
    """All of the installation's, with the database's moment."""
    rows = connection.execute(_PLANS).all()
    return [
        PlanHours(now, isp_id, plan_id, table, rate_limit(download, upload), has_cap)
        for now, isp_id, plan_id, zone, hours, download, upload, has_cap in rows
        if (table := timetable(zone, windows_of(hours))) is not None
    ]


def ask(connection: Connection, plan: PlanHours, boundary: float, *, again: bool = False) -> int:
    """Requests for what changed at the boundary; how many. Another speed is everybody's, an hour that begins or ceases
    to count that of customers who have used up what they have. `again`: of sessions that have been reported since.
    """
    before, after = plan.table.before(boundary), plan.table.at(boundary)
    rates = before.rate or plan.rate, after.rate or plan.rate
    if rates[0] == rates[1] and not plan.has_cap:
        return 0
    payload = {"attributes": [RATE], "before": rates[0]} if rates[0] != rates[1] else {}
    connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    values = {"isp": plan.isp_id, "plan": plan.id, "boundary": boundary, "everybody": rates[0] != rates[1],
              "again": again}  # fmt: skip
    return connection.execute(_ASK, values | {"payload": json.dumps(payload)}).rowcount
