"""Payments by hand, and the drawers that hold cash."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy import Select, select

from admin_api.access.authentication import allowed, principal
from admin_api.money.payment_bodies import (
    AssignIn,
    CountIn,
    DrawerOut,
    DrawerPage,
    PaymentChange,
    PaymentIn,
    PaymentOut,
    PaymentPage,
    PaymentQuery,
    RefundIn,
)
from admin_api.money.views import shown_drawers, shown_payments
from admin_api.web.database import now, session, tenant, tenant_id, tenant_rows
from admin_api.web.errors import invalid, refuse
from admin_api.web.money import minor_of
from admin_api.web.pages import PageQuery, page_of
from admin_api.web.route import answers, asks, documents, takes
from admin_api.web.rows import row as the_row
from models import Customer, Drawer, Payment
from models.money import drawers
from models.money import payments as register
from models.money.pay_reference import customer_of
from models.money.payments import Received
from models.money.purchases import auto_renewal

payments = APIBlueprint("payments", __name__, url_prefix="/api/billing/payments", tag="Money")
tills = APIBlueprint("drawers", __name__, url_prefix="/api/billing/drawers", tag="Money")


def _drawers() -> Select[Drawer]:
    """Everybody's for who may take money back, otherwise the caller's own."""
    if "refunds" in principal().roles:
        return tenant_rows(Drawer)
    return tenant_rows(Drawer).where(Drawer.operator == principal().name)


@payments.get("")
@allowed("viewer")
@asks(PaymentQuery)
@answers(PaymentPage)
def index(query: PaymentQuery) -> dict[str, Any]:
    """List payments, the newest first"""
    return page_of(_wanted(query).order_by(Payment.id.desc()), query, shown_payments)


@payments.post("")
@documents(responses=[409])
@allowed("payments")
@takes(PaymentIn)
@answers(PaymentOut, 201, "Payment booked.")
def create(body: PaymentIn) -> dict[str, Any]:
    """Book money that came in: it pays the oldest charge first, the rest is credit

    The same reference of the same method is one payment for ever. A prepaid customer who renews by themselves and has
    expired is renewed at once, where the credit covers it.
    """
    if body.received_at is not None and body.received_at > now():
        invalid("received_at", "must not lie in the future")
    customer_id = _customer(body)
    received = Received(
        minor_of(body.amount), body.method, body.received_at or now(), customer_id, body.reference,
        body.pay_reference if customer_id is None else None, body.note,
    )  # fmt: skip
    payment = register.receive(session(), tenant(), received, now())
    if customer_id is not None:
        auto_renewal.renew_one(session(), tenant_id(), customer_id, now())
    return _shown(payment)


@payments.get("/<int:id>")
@allowed("viewer")
@the_row(Payment)
@answers(PaymentOut)
def read(row: Payment) -> dict[str, Any]:
    """Read a payment and what it has paid"""
    return _shown(row)


@payments.post("/<int:id>/reverse")
@documents(responses=[409])
@allowed("refunds")
@the_row(Payment)
@takes(PaymentChange)
@answers(PaymentOut, message="The payment is taken back.")
def reverse(row: Payment, body: PaymentChange) -> dict[str, Any]:
    """Take a payment back that was none: what it paid is open again"""
    return _shown(register.reverse(session(), tenant(), row, body.reason, now()))


@payments.post("/<int:id>/refund")
@documents(responses=[409])
@allowed("refunds")
@the_row(Payment)
@takes(RefundIn)
@answers(PaymentOut, message="Refunded.")
def refund(row: Payment, body: RefundIn) -> dict[str, Any]:
    """Give money back that the customer has not used"""
    register.refund(session(), tenant(), row, minor_of(body.amount), body.reason, now())
    return _shown(row)


@payments.post("/<int:id>/assign")
@documents(responses=[409])
@allowed("refunds")
@the_row(Payment)
@takes(AssignIn)
@answers(PaymentOut, message="Assigned.")
def assign(row: Payment, body: AssignIn) -> dict[str, Any]:
    """Say whose money it is that waits in suspense"""
    customer_id = _existing(body.customer_id)
    payment = register.assign(session(), tenant(), row, customer_id, now())
    auto_renewal.renew_one(session(), tenant_id(), customer_id, now())
    return _shown(payment)


@tills.get("")
@allowed("payments")
@asks(PageQuery)
@answers(DrawerPage)
def list_drawers(query: PageQuery) -> dict[str, Any]:
    """List drawers, open ones first; a cashier sees their own"""
    order = (Drawer.closed_at.is_not(None), Drawer.id.desc())
    return page_of(_drawers().order_by(*order), query, shown_drawers)


@tills.post("/<int:id>/close")
@documents(responses=[409])
@allowed("payments")
@the_row(Drawer, _drawers)
@takes(CountIn)
@answers(DrawerOut, message="Drawer closed.")
def close(row: Drawer, body: CountIn) -> dict[str, Any]:
    """Close a drawer by count: what is missing or too much is written off, and stays visible"""
    closed = drawers.close(session(), tenant(), row, minor_of(body.counted, "counted"), body.note, now())
    return shown_drawers([closed])[0]


def _wanted(query: PaymentQuery) -> Select[Payment]:
    wanted = tenant_rows(Payment)
    conditions = {
        Payment.customer_id: query.customer_id,
        Payment.method: query.method,
        Payment.state: query.state,
        Payment.provider_ref: query.reference,
    }
    for column, value in conditions.items():
        if value is not None:
            wanted = wanted.where(column == value)
    return wanted.where(Payment.customer_id.is_(None)) if query.suspense else wanted


def _customer(body: PaymentIn) -> int | None:
    """None: nobody is known by the reference, or none was given."""
    if body.customer_id is not None:
        return _existing(body.customer_id)
    named = None if body.pay_reference is None else customer_of(body.pay_reference)
    if named is None:
        return None
    return session().scalar(select(Customer.id).where(Customer.isp_id == tenant_id(), Customer.id == named))


def _existing(customer_id: int) -> int:
    known = session().scalar(select(Customer.id).where(Customer.isp_id == tenant_id(), Customer.id == customer_id))
    if known is None:
        refuse(422, "invalid", "Some fields cannot be taken.", errors={"customer_id": ["there is no such customer"]})
    return known


def _shown(row: Payment) -> dict[str, Any]:
    return shown_payments([row])[0]
