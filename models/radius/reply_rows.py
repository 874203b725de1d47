"""An operator's own reply attributes, of a customer or of a plan; provisioning leaves them alone."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from models.audit_trail import record, snapshot
from models.network import requests
from models.radius.provisioning import group_of
from models.tables.customers import Customer
from models.tables.plans import ServicePlan
from models.tables.radius import Radgroupreply, Radreply

Owner = Customer | ServicePlan
Attribute = Radreply | Radgroupreply


def attributes_of(owner: Owner) -> Select[Radreply] | Select[Radgroupreply]:
    """The owner's rows that an operator wrote, in the order they were written."""
    if isinstance(owner, Customer):
        return (
            select(Radreply)
            .where(Radreply.isp_id == owner.isp_id, Radreply.customer_id == owner.id, Radreply.origin == "operator")
            .order_by(Radreply.id)
        )
    return (
        select(Radgroupreply)
        .where(
            Radgroupreply.isp_id == owner.isp_id,
            Radgroupreply.groupname == group_of(owner.id),
            Radgroupreply.origin == "operator",
        )
        .order_by(Radgroupreply.id)
    )


def add_attribute(session: Session, owner: Owner, attribute: str, op: str, value: str) -> Attribute:
    """A new row; the caller has checked that it can be sent."""
    row: Attribute
    if isinstance(owner, Customer):
        row = Radreply(isp_id=owner.isp_id, customer_id=owner.id, username=owner.username)
    else:
        row = Radgroupreply(isp_id=owner.isp_id, groupname=group_of(owner.id))
    row.attribute, row.op, row.value, row.origin = attribute, op, value, "operator"
    session.add(row)
    _request_change(session, owner, attribute)
    record(session, "create", row)
    return row


def change_attribute(session: Session, owner: Owner, row: Attribute, op: str, value: str) -> None:
    """Another operator or value."""
    before = snapshot(row)
    row.op, row.value = op, value
    _request_change(session, owner, row.attribute)
    record(session, "update", row, before)


def remove_attribute(session: Session, owner: Owner, row: Attribute) -> None:
    """The row goes."""
    record(session, "delete", row, snapshot(row))
    session.delete(row)
    _request_change(session, owner, row.attribute)
    session.flush()


def _request_change(session: Session, owner: Owner, attribute: str) -> None:
    if isinstance(owner, Customer):
        requests.change(session, owner, "plan_changed", [attribute])
    else:
        requests.change_all_on(session, owner, [attribute])
