"""FreeRADIUS' tables follow the business rows: one function for the API, the worker and the import (DESIGN 5).

Every function works in the caller's transaction and commits nothing. Rows whose `origin` is not `provisioned` are an
operator's own: honoured by the directory, untouched here.
"""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from models.secrets.keyring import Keyring
from models.secrets.password_hashes import nt_hash, ssha512
from models.tables.customers import Customer
from models.tables.isps import Isp
from models.tables.plans import ServicePlan
from models.tables.radius import Radcheck, Radgroupreply, Radreply, Radusergroup

PASSWORD_ATTRIBUTES = ("Cleartext-Password", "NT-Password", "Password-With-Header")
PASSWORD_BYTES = 128

_RowT = TypeVar("_RowT", Radcheck, Radreply, Radusergroup)


def set_password(session: Session, keyring: Keyring, isp: Isp, customer: Customer, password: str) -> None:
    """Store the password in the form that the customer, or else the ISP, has chosen; the old one is gone.

    Raises ValueError unless it has 1 to 128 bytes of UTF-8 without NUL.
    """
    attribute, value = stored_password(keyring, isp, customer, password)
    session.execute(
        delete(Radcheck).where(
            Radcheck.isp_id == customer.isp_id,
            Radcheck.customer_id == customer.id,
            Radcheck.attribute.in_(PASSWORD_ATTRIBUTES),
        )
    )
    session.add(
        Radcheck(
            isp_id=customer.isp_id,
            customer_id=customer.id,
            username=customer.username,
            attribute=attribute,
            op=":=",
            value=value,
            is_active=_is_served(customer),
            origin="provisioned",
        )
    )


def stored_password(keyring: Keyring, isp: Isp, customer: Customer, password: str) -> tuple[str, str]:
    """(radcheck attribute, value) of a password; what `set_password` and the bulk import write."""
    if not 1 <= len(password.encode()) <= PASSWORD_BYTES or "\0" in password:
        raise ValueError(f"must have 1 to {PASSWORD_BYTES} bytes of UTF-8 without NUL")
    match customer.credential_storage or isp.credential_storage:
        case "nt_password":
            return "NT-Password", nt_hash(password)
        case "ssha512":
            return "Password-With-Header", ssha512(password)
        case _:
            return "Cleartext-Password", keyring.encrypt(password, isp.id, "radcheck", customer.id)


def provision_customer(session: Session, customer: Customer) -> None:
    """Make the rad* rows of a flushed customer follow his business row; idempotent."""
    served = _is_served(customer)
    for row in session.scalars(_provisioned(Radcheck, customer)):
        row.username, row.is_active = customer.username, served
    _follow_group(session, customer, served)
    _follow_address(session, customer, served)
    session.flush()


def deprovision_customer(session: Session, customer: Customer) -> None:
    """Remove every rad* row of a customer who is about to be deleted, an operator's own included."""
    for table in (Radcheck, Radreply, Radusergroup):
        session.execute(delete(table).where(table.isp_id == customer.isp_id, table.customer_id == customer.id))


def provision_plan(session: Session, plan: ServicePlan) -> None:
    """Make the group `plan_<id>` of a flushed plan follow it; idempotent."""
    group = group_of(plan.id)
    wanted = dict(plan.reply_attributes())
    for row in session.scalars(
        select(Radgroupreply).where(
            Radgroupreply.isp_id == plan.isp_id,
            Radgroupreply.groupname == group,
            Radgroupreply.origin == "provisioned",
        )
    ):
        value = wanted.pop(row.attribute, None)
        if value is None:
            session.delete(row)
        else:
            row.value, row.is_active = value, plan.is_active
    session.add_all(
        Radgroupreply(
            isp_id=plan.isp_id,
            groupname=group,
            attribute=name,
            value=value,
            is_active=plan.is_active,
            origin="provisioned",
        )
        for name, value in wanted.items()
    )


def deprovision_plan(session: Session, plan: ServicePlan) -> None:
    """Remove the provisioned rows of a plan's group."""
    session.execute(
        delete(Radgroupreply).where(
            Radgroupreply.isp_id == plan.isp_id,
            Radgroupreply.groupname == group_of(plan.id),
            Radgroupreply.origin == "provisioned",
        )
    )


def group_of(plan_id: int) -> str:
    """The plan's group in FreeRADIUS' tables."""
    return f"plan_{plan_id}"


def _is_served(customer: Customer) -> bool:
    return customer.status != "suspended"


def _provisioned(table: type[_RowT], customer: Customer) -> Select[_RowT]:
    return select(table).where(
        table.isp_id == customer.isp_id, table.customer_id == customer.id, table.origin == "provisioned"
    )


def _follow_group(session: Session, customer: Customer, served: bool) -> None:
    rows = list(session.scalars(_provisioned(Radusergroup, customer)))
    group = None if customer.service_plan_id is None else group_of(customer.service_plan_id)
    if group is None:
        for row in rows:
            session.delete(row)
        return
    row = rows[0] if rows else Radusergroup(isp_id=customer.isp_id, customer_id=customer.id, origin="provisioned")
    row.username, row.groupname, row.is_active = customer.username, group, served
    session.add(row)


def _follow_address(session: Session, customer: Customer, served: bool) -> None:
    rows = list(session.scalars(_provisioned(Radreply, customer)))
    if customer.static_ip is None:
        for row in rows:
            session.delete(row)
        return
    row = rows[0] if rows else Radreply(isp_id=customer.isp_id, customer_id=customer.id, origin="provisioned")
    row.username, row.is_active = customer.username, served
    row.attribute, row.op, row.value = "Framed-IP-Address", ":=", str(customer.static_ip).split("/")[0]
    session.add(row)
