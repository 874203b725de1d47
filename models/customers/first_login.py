"""The first period of customers whose time begins with their first login, written with the login that begins it.

Logins reach the books through the spool, again after a crash, and from several nodes: only a customer who has not
begun begins, with the earliest login of the batch. In the caller's transaction; commits nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, text
from sqlalchemy.orm import Session

from models.accounting.records import AuthResult, Booked
from models.accounting.usage_rows import move_to_first_period
from models.audit_trail import Actor, act_as, record, snapshot
from models.customers.creation import first_period, first_period_end
from models.money.periods import begin_first
from models.tables.customers import Customer
from models.tables.isps import Isp
from models.tables.plans import ServicePlan
from models.tables.subscriptions import Subscription

_ACCEPT = "Access-Accept"
#: In the order of keys, so that two nodes never wait for each other in a circle.
_WAITING = text("""
select c.isp_id, c.id
  from unnest(cast(:isps as bigint[]), cast(:ids as bigint[])) as w (isp_id, id)
  join customers c on c.isp_id = w.isp_id and c.id = w.id and c.not_started
 order by 1, 2 for update of c
""")


def begin_first_periods(connection: Connection, records: Sequence[Booked]) -> int:
    """Begin the periods that the accepted logins among the records begin; how many."""
    moments = _first_accepts(records)
    if not moments:
        return 0
    wanted = {"isps": [isp_id for isp_id, _ in moments], "ids": [customer_id for _, customer_id in moments]}
    waiting = [(isp_id, customer_id) for isp_id, customer_id in connection.execute(_WAITING, wanted)]
    if not waiting:
        return 0
    with Session(connection, join_transaction_mode="rollback_only") as session:
        act_as(session, Actor("first login"))
        for key in waiting:
            _begin(session, key, datetime.fromtimestamp(moments[key], UTC))
        session.flush()
    return len(waiting)


def _first_accepts(records: Sequence[Booked]) -> dict[tuple[int, int], float]:
    moments: dict[tuple[int, int], float] = {}
    for result in records:
        if isinstance(result, AuthResult) and result.reply == _ACCEPT and result.customer_id is not None:
            key = result.isp_id, result.customer_id
            moments[key] = min(result.answered, moments.get(key, result.answered))
    return moments


def _begin(session: Session, key: tuple[int, int], moment: datetime) -> None:
    customer, isp = session.get_one(Customer, key), session.get_one(Isp, key[0])
    plan_id, before = customer.service_plan_id, snapshot(customer)
    plan = None if plan_id is None else session.get(ServicePlan, (isp.id, plan_id))
    customer.expires_at = first_period_end(isp, plan, moment)
    session.flush()
    session.refresh(customer)
    session.execute(insert(Subscription).values(first_period(customer, plan, moment)))
    begin_first(session, isp, moment, [customer.id])
    # A session may have been booked before the login that it followed: that was used of this period.
    move_to_first_period(session.connection(), customer.isp_id, customer.id, moment)
    record(session, "begin", customer, before)
