"""What a customer with an open session is entitled to at this moment: the rows that the rules judge, for a batch.

The directory asks the same for everybody (radius_module.directory.queries); this is for a few, asked anew each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from models.radius.provisioning import group_of
from models.tables.plans import ServicePlan
from models.tables.radius import Radgroupreply, Radreply

Row = tuple[str, str, str]

_CUSTOMERS = text("""
select c.isp_id, c.id, c.username, c.status, date_part('epoch', c.expires_at), c.service_plan_id, host(c.static_ip),
       coalesce(c.mac_address, ''), i.status = 'active', i.timezone, date_part('epoch', p.started),
       coalesce(u.bytes_in + u.bytes_out - u.uncounted_in - u.uncounted_out, 0), coalesce(t.octets, 0),
       coalesce(u.seconds, 0)
  from unnest(cast(:isps as bigint[]), cast(:ids as bigint[])) as w (isp_id, id)
  join customers c on c.isp_id = w.isp_id and c.id = w.id
  join isps i on i.id = c.isp_id
  cross join lateral (select coalesce(max(s.period_start), c.created_at) as started from subscriptions s
        where s.isp_id = c.isp_id and s.customer_id = c.id and s.period_start <= now()) as p
  left join usage u on u.isp_id = c.isp_id and u.customer_id = c.id and u.period_start = p.started
  left join lateral (select sum(t.data_bytes)::bigint as octets from topups t
        where t.isp_id = c.isp_id and t.customer_id = c.id and t.period_start = p.started) as t on true
""")


class ServiceFacts(NamedTuple):
    """A customer and what the running period says. Moments are epoch seconds, amounts octets."""

    isp_id: int
    id: int
    username: str
    status: str
    expires_at: float
    plan_id: int | None
    static_ip: str | None
    mac: str
    isp_active: bool
    timezone: str
    period_start: float
    #: Octets that count.
    used: int
    bought: int
    #: Time online.
    seconds: int
    plan: ServicePlan | None = None
    #: (attribute, op, value) of operators' own rows, the plan's before the customer's.
    plan_rows: tuple[Row, ...] = ()
    customer_rows: tuple[Row, ...] = ()


def service_facts(connection: Connection, customers: Sequence[tuple[int, int]]) -> dict[tuple[int, int], ServiceFacts]:
    """Of (tenant, customer); those who are gone are missing."""
    if not customers:
        return {}
    rows = connection.execute(_CUSTOMERS, {
        "isps": [isp for isp, _ in customers], "ids": [customer for _, customer in customers],
    })  # fmt: skip
    bare = [ServiceFacts(*row) for row in rows]
    plans = _plans(connection, {facts.plan_id for facts in bare if facts.plan_id is not None})
    of_plans, of_customers = (
        _plan_rows(connection, list(plans)),
        _customer_rows(connection, [facts.id for facts in bare]),
    )
    return {
        (facts.isp_id, facts.id): facts._replace(
            plan=plans.get(facts.plan_id or 0),
            plan_rows=tuple(of_plans.get(facts.plan_id or 0, ())),
            customer_rows=tuple(of_customers.get(facts.id, ())),
        )
        for facts in bare
    }


def _plans(connection: Connection, ids: set[int]) -> dict[int, ServicePlan]:
    if not ids:
        return {}
    with Session(connection, expire_on_commit=False) as session:
        plans = {plan.id: plan for plan in session.scalars(select(ServicePlan).where(ServicePlan.id.in_(ids)))}
        session.expunge_all()
    return plans


def _plan_rows(connection: Connection, plans: Sequence[int]) -> dict[int, list[Row]]:
    if not plans:
        return {}
    groups = {group_of(plan): plan for plan in plans}
    rows: dict[int, list[Row]] = {}
    for group, *row in connection.execute(
        select(Radgroupreply.groupname, Radgroupreply.attribute, Radgroupreply.op, Radgroupreply.value)
        .where(Radgroupreply.groupname.in_(groups), Radgroupreply.origin == "operator", Radgroupreply.is_active)
        .order_by(Radgroupreply.id)
    ):
        rows.setdefault(groups[group], []).append((row[0], row[1], row[2]))
    return rows


def _customer_rows(connection: Connection, customers: Sequence[int]) -> dict[int, list[Row]]:
    rows: dict[int, list[Row]] = {}
    for customer_id, *row in connection.execute(
        select(Radreply.customer_id, Radreply.attribute, Radreply.op, Radreply.value)
        .where(Radreply.customer_id.in_(customers), Radreply.origin == "operator", Radreply.is_active)
        .order_by(Radreply.id)
    ):
        rows.setdefault(customer_id or 0, []).append((row[0], row[1], row[2]))
    return rows
