"""FreeRADIUS' tables follow the business rows: the rows of a customer and of a plan, and how they are kept in step.

Every function works in the caller's transaction and commits nothing. Rows whose `origin` is not `provisioned` are an
operator's own: honoured at login, untouched here.
"""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from models.secrets.keyring import Keyring
from models.secrets.password_hashes import check_customer_password, nt_hash, ssha512
from models.tables.customers import Customer
from models.tables.isps import Isp
from models.tables.plans import ServicePlan
from models.tables.radius import Radcheck, Radgroupreply, Radreply, Radusergroup

PASSWORD_ATTRIBUTES = ("Cleartext-Password", "NT-Password", "Password-With-Header")

_RowT = TypeVar("_RowT", Radcheck, Radreply, Radusergroup)


def set_password(session: Session, keyring: Keyring, isp: Isp, customer: Customer, password: str) -> None:
    """Store the password in the form that the customer, or else the ISP, has chosen; the old one is gone.

    Raises ValueError unless it has 1 to 128 bytes of UTF-8 without NUL.
    """
    row = credential_row(keyring, isp, customer, password)
    session.execute(
        delete(Radcheck).where(
            Radcheck.isp_id == customer.isp_id,
            Radcheck.customer_id == customer.id,
            Radcheck.attribute.in_(PASSWORD_ATTRIBUTES),
        )
    )
    session.add(Radcheck(**row))


def credential_row(keyring: Keyring, isp: Isp, customer: Customer, password: str) -> dict[str, Any]:
    """The row of `radcheck` that holds a customer's password; raises ValueError as `set_password` does."""
    check_customer_password(password)
    match customer.credential_storage or isp.credential_storage:
        case "nt_password":
            attribute, value = "NT-Password", nt_hash(password)
        case "ssha512":
            attribute, value = "Password-With-Header", ssha512(password)
        case _:
            attribute, value = "Cleartext-Password", keyring.encrypt(password, isp.id, "radcheck", customer.id)
    return _row_of(customer) | {"attribute": attribute, "op": ":=", "value": value}


def group_row(customer: Customer) -> dict[str, Any] | None:
    """The row of `radusergroup` that puts a customer into the plan's group; None without a plan."""
    if customer.service_plan_id is None:
        return None
    return _row_of(customer) | {"groupname": group_of(customer.service_plan_id)}


def address_row(customer: Customer) -> dict[str, Any] | None:
    """The row of `radreply` with a customer's own address; None without one."""
    if customer.static_ip is None:
        return None
    address = str(customer.static_ip).split("/")[0]
    return _row_of(customer) | {"attribute": "Framed-IP-Address", "op": ":=", "value": address}


def provision_customer(session: Session, customer: Customer) -> None:
    """Make the rad* rows of a flushed customer follow the business row; idempotent."""
    for row in session.scalars(_provisioned(Radcheck, customer)):
        row.username, row.is_active = customer.username, is_served(customer.status)
    _follow(session, Radusergroup, customer, group_row(customer))
    _follow(session, Radreply, customer, address_row(customer))
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


def is_served(status: str) -> bool:
    """Are the rad* rows of a customer with this status active? An expiry is a matter of time, not of these rows."""
    return status != "suspended"


def _row_of(customer: Customer) -> dict[str, Any]:
    """What every provisioned row of a customer says."""
    return {
        "isp_id": customer.isp_id,
        "customer_id": customer.id,
        "username": customer.username,
        "is_active": is_served(customer.status),
        "origin": "provisioned",
    }


def _provisioned(table: type[_RowT], customer: Customer) -> Select[_RowT]:
    return select(table).where(
        table.isp_id == customer.isp_id, table.customer_id == customer.id, table.origin == "provisioned"
    )


def _follow(session: Session, table: type[_RowT], customer: Customer, wanted: dict[str, Any] | None) -> None:
    """The customer's one provisioned row of the table becomes what is wanted; None: there is to be none."""
    rows = list(session.scalars(_provisioned(table, customer)))
    if wanted is None:
        for row in rows:
            session.delete(row)
    elif rows:
        for name, value in wanted.items():
            setattr(rows[0], name, value)
    else:
        session.add(table(**wanted))
