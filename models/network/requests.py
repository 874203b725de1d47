"""CoA- and Disconnect-Requests (RFC 5176), written as rows in the transaction of the change that causes them.

A process of its own sends them, so that the change and its effect on the network are committed
together or not at all.
"""

from __future__ import annotations

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from models.tables.accounting import Radacct
from models.tables.customers import Customer
from models.tables.outbox import Outbox
from models.tables.plans import ServicePlan


def disconnect(session: Session, customer: Customer, reason: str) -> None:
    """End the customer's sessions."""
    payload = {"username": customer.username}
    session.add(
        Outbox(isp_id=customer.isp_id, customer_id=customer.id, kind="disconnect", reason=reason, payload=payload)
    )


def change(session: Session, customer: Customer, reason: str) -> None:
    """Bring the customer's sessions to what now applies."""
    payload = {"username": customer.username}
    session.add(Outbox(isp_id=customer.isp_id, customer_id=customer.id, kind="coa", reason=reason, payload=payload))


def change_all_on(session: Session, plan: ServicePlan) -> None:
    """The same for every customer of a plan who is online, in one statement."""
    online = (
        select(Customer.isp_id, Customer.id, literal("coa"), literal("plan_changed"))
        .join(Radacct, (Radacct.isp_id == Customer.isp_id) & (Radacct.customer_id == Customer.id))
        .where(
            Customer.isp_id == plan.isp_id,
            Customer.service_plan_id == plan.id,
            Radacct.acctstoptime.is_(None),
        )
        .distinct()
    )
    session.execute(insert(Outbox).from_select(["isp_id", "customer_id", "kind", "reason"], online))


def disconnect_tenant(session: Session, isp_id: int) -> None:
    """End every session of a tenant."""
    session.add(Outbox(isp_id=isp_id, customer_id=None, kind="disconnect", reason="isp_suspended"))
