"""A customer signs up, changes, is suspended, comes back, leaves. In the caller's transaction; commits nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.audit_trail import MASK, record, snapshot
from models.customers.creation import NewCustomer, create_customers
from models.money import periods
from models.money.documents import invoices
from models.money.periods import Terms
from models.network import requests
from models.radius import provisioning
from models.refusals import Invalid, Refused
from models.secrets.keyring import Keyring
from models.secrets.password_hashes import check_customer_password
from models.subscriptions.plans import changed_attributes, given_to_sessions
from models.subscriptions.status import is_over
from models.tables.customers import Customer
from models.tables.isps import Isp
from models.tables.plans import ServicePlan


def create_customer(
    session: Session,
    keyring: Keyring,
    isp: Isp,
    now: datetime,
    *,
    password: str,
    username: str | None = None,
    **fields: Any,  # noqa: ANN401  # columns of Customer
) -> Customer:
    """A new customer with password, first period and rad* rows; the user name defaults to the e-mail.

    Without `expires_at` the first period is the plan's. Raises Invalid for a plan or password that cannot be.
    """
    name = username or fields.get("email")
    if not name:
        raise Invalid("username", "is required where no email is given")
    plan = plan_for(session, isp.id, fields.get("service_plan_id"))
    _check_password(password)
    new = NewCustomer(fields | {"username": name}, password)
    [customer] = create_customers(session, keyring, isp, now, [new], {} if plan is None else {plan.id: plan})
    record(session, "create", customer)
    return customer


def update_customer(
    session: Session, keyring: Keyring, isp: Isp, customer: Customer, now: datetime, changes: dict[str, Any]
) -> None:
    """Change the given columns, and the password where one is given in clear; the network follows.

    An expiry that is moved is the end of the last period, and cancels what lies behind it: the database sees to that
    (migration 0021), as for a change by SQL.
    """
    before = snapshot(customer)
    changes = dict(changes)
    password = changes.pop("password", None)
    if changes.get("service_plan_id") not in (None, customer.service_plan_id):
        plan_for(session, isp.id, changes["service_plan_id"])
    for name, value in changes.items():
        setattr(customer, name, value)
    session.flush()
    if "expires_at" in changes:
        billing = periods.billing_of(session, isp, now)
        periods.settle(session, billing, [customer.id], Terms(periods.NOT_BILLED), "the end was moved by hand")
        invoices.after_charging(session, isp, [customer.id], now)
    _request_change(session, customer, before, now, has_new_password=password is not None)
    if password is not None:
        _check_password(password)
        provisioning.set_password(session, keyring, isp, customer, password)
        _touch(session, customer)
    provisioning.provision_customer(session, customer)
    masked = {} if password is None else {"password": MASK}
    record(session, "update", customer, before, snapshot(customer) | masked)


def suspend_customer(session: Session, customer: Customer) -> None:
    """No further login, and open sessions end."""
    before = snapshot(customer)
    customer.status = "suspended"
    provisioning.provision_customer(session, customer)
    requests.disconnect(session, customer, "suspended")
    record(session, "suspend", customer, before)


def activate_customer(session: Session, customer: Customer, now: datetime) -> None:
    """Lift a suspension; extends nothing, so an expired customer is refused."""
    if is_over(customer.status, customer.expires_at, now):
        raise Refused("expired", "The customer's subscription has expired: renew it instead.")
    before = snapshot(customer)
    customer.status = "active"
    provisioning.provision_customer(session, customer)
    requests.withdraw(session, customer, ("suspended",))
    record(session, "activate", customer, before)


def delete_customer(session: Session, customer: Customer) -> None:
    """Remove the customer with periods and rad* rows. Sessions and usage stay in the books."""
    record(session, "delete", customer, snapshot(customer))
    remove_customer(session, customer)


def remove_customer(session: Session, customer: Customer) -> None:
    """The customer's rows go, and open sessions with them; the audit log is the caller's."""
    invoices.before_removal(session, customer)
    requests.disconnect(session, customer, "deleted")
    provisioning.deprovision_customer(session, customer)
    session.delete(customer)
    session.flush()


def plan_for(session: Session, isp_id: int, plan_id: int | None) -> ServicePlan | None:
    """The plan that a customer is put on: the tenant's own, and still offered."""
    if plan_id is None:
        return None
    plan = session.scalar(select(ServicePlan).where(ServicePlan.isp_id == isp_id, ServicePlan.id == plan_id))
    if plan is None:
        raise Invalid("service_plan_id", "there is no such plan")
    if not plan.is_active:
        raise Invalid("service_plan_id", "this plan is no longer offered")
    return plan


def _check_password(password: str) -> None:
    try:
        check_customer_password(password)
    except ValueError as wrong:
        raise Invalid("password", str(wrong)) from None


def _request_change(
    session: Session, customer: Customer, before: dict[str, Any], now: datetime, *, has_new_password: bool
) -> None:
    """The one request to the network that the change calls for, the strongest first."""
    after = snapshot(customer)
    changed = {name for name in before if before[name] != after[name]}
    if "status" in changed and customer.status == "suspended":
        requests.disconnect(session, customer, "suspended")
        return
    if "status" in changed and customer.status == "active":
        requests.withdraw(session, customer, ("suspended",))
    if changed & {"status", "expires_at"} and is_over(customer.status, customer.expires_at, now):
        requests.disconnect(session, customer, "expired")
    elif has_new_password:
        requests.disconnect(session, customer, "password_changed")
    elif changed & {"service_plan_id", "static_ip", "mac_address"}:
        _tell_of_another_service(session, customer, before, changed)
    elif "expires_at" in changed:
        requests.change(session, customer, "renewed")


def _tell_of_another_service(session: Session, customer: Customer, before: dict[str, Any], changed: set[str]) -> None:
    """What open sessions were given that is no longer right; the rules say whose device may not come in any more."""
    old_plan, plan = (
        None if plan_id is None else session.get(ServicePlan, (customer.isp_id, plan_id))
        for plan_id in (before["service_plan_id"], customer.service_plan_id)
    )
    attributes = changed_attributes(given_to_sessions(old_plan), given_to_sessions(plan))
    if "static_ip" in changed:
        attributes.append("Framed-IP-Address")
    if attributes or "mac_address" in changed:
        requests.change(session, customer, "plan_changed", attributes, given_to_sessions(old_plan)[requests.RATE][0])


def _touch(session: Session, customer: Customer) -> None:
    """A new password is a new version of the customer, though none of the columns changes."""
    session.execute(
        update(Customer)
        .where(Customer.isp_id == customer.isp_id, Customer.id == customer.id)
        .values(status=customer.status)
    )
