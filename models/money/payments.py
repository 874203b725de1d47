"""Payments by hand: received, assigned, reversed, refunded. In the caller's transaction; commits nothing."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.audit_trail import record, snapshot
from models.money import drawers, ledger
from models.money.charges import local_day
from models.money.ledger import Cause, Movement
from models.refusals import Refused
from models.tables.customers import Customer
from models.tables.isps import Isp
from models.tables.payments import Drawer, Payment, Refund

BY_HAND = "manual"


class Received(NamedTuple):
    """Money as somebody says it came in. `customer_id` None: nobody known, so it waits in suspense."""

    amount: int
    method: str
    received_at: datetime
    customer_id: int | None = None
    reference: str | None = None
    pay_reference: str | None = None
    note: str | None = None


def receive(session: Session, isp: Isp, received: Received, now: datetime) -> Payment:
    """Book the money. The same reference of the same method is the same payment, for ever: sent again, it stands."""
    _lock_customer(session, isp.id, received.customer_id)
    drawer = drawers.open_drawer(session, isp, now) if received.method == "cash" else None
    payment = _inserted(session, isp, received, drawer)
    if payment is None:
        return _known(session, isp, received)
    target = _holder(session, payment)
    movement = Movement(f"payment:{payment.id}", _till(session, payment, drawer), target, payment.amount)
    ledger.post(session, isp.id, Cause("payment", payment.id, local_day(isp, now)), [movement])
    record(session, "create", payment)
    return payment


def assign(session: Session, isp: Isp, payment: Payment, customer_id: int, now: datetime) -> Payment:
    """Money in suspense is this customer's."""
    _lock(session, payment)
    _lock_customer(session, isp.id, customer_id)
    if payment.customer_id is not None or payment.state != "confirmed":
        raise Refused("not_in_suspense", "Only a payment that waits in suspense can be assigned.")
    before = snapshot(payment)
    rest = payment.amount - refunded(session, payment)
    if rest <= 0:
        raise Refused("refunded", "This payment has been given back.")
    waiting = _holder(session, payment)
    payment.customer_id = customer_id
    session.flush()
    movement = Movement(f"assignment:{payment.id}", waiting, _holder(session, payment), rest)
    ledger.post(session, isp.id, Cause("assignment", payment.id, local_day(isp, now)), [movement])
    record(session, "assign", payment, before)
    return payment


def reverse(session: Session, isp: Isp, payment: Payment, reason: str, now: datetime) -> Payment:
    """The money was never ours: what it paid is open again."""
    _lock(session, payment)
    if payment.state != "confirmed":
        raise Refused("not_confirmed", "Only a confirmed payment can be reversed.")
    if refunded(session, payment):
        raise Refused("refunded", "A part of this payment has been given back: it can only be refunded further.")
    payment.state = "reversed"
    session.flush()
    cause = Cause("payment", payment.id, local_day(isp, now))
    for kind in ("assignment", "payment"):
        ledger.reverse(session, isp.id, cause, ledger.transfers_of(session, isp.id, kind, payment.id))
    _settle_closed_drawer(session, isp, payment, cause)
    record(session, "reverse", payment, after={"reason": reason})
    return payment


def refund(session: Session, isp: Isp, payment: Payment, amount: int, reason: str, now: datetime) -> Refund:
    """Give money back: never more than was received, nor than the customer has with us."""
    _lock(session, payment)
    if payment.state != "confirmed":
        raise Refused("not_confirmed", "Only a confirmed payment can be refunded.")
    if amount > payment.amount - refunded(session, payment):
        raise Refused("more_than_received", "Refunds of a payment cannot exceed it.")
    holder = _holder(session, payment)
    if payment.customer_id is not None and amount > ledger.spendable(session, isp.id, payment.customer_id):
        raise Refused("not_enough_credit", "The customer has used this money: take a charge back first.")
    row = Refund(isp_id=isp.id, payment_id=payment.id, amount=amount, reason=reason, actor=ledger.acting(session))
    session.add(row)
    session.flush()
    drawer = drawers.open_drawer(session, isp, now) if payment.method == "cash" else None
    movement = Movement(f"refund:{row.id}", holder, _till(session, payment, drawer), amount)
    ledger.post(session, isp.id, Cause("refund", row.id, local_day(isp, now)), [movement])
    record(session, "create", row)
    return row


def refunded(session: Session, payment: Payment) -> int:
    """What has been given back of it."""
    query = select(func.sum(Refund.amount)).where(Refund.isp_id == payment.isp_id, Refund.payment_id == payment.id)
    return int(session.scalar(query) or 0)


def _inserted(session: Session, isp: Isp, received: Received, drawer: Drawer | None) -> Payment | None:
    """None: the reference is known."""
    return session.scalar(
        insert(Payment)
        .values(
            isp_id=isp.id,
            provider=BY_HAND,
            provider_account=received.method,
            provider_ref=received.reference,
            amount=received.amount,
            method=received.method,
            received_at=received.received_at,
            customer_id=received.customer_id,
            pay_reference=received.pay_reference,
            note=received.note,
            drawer_id=drawer and drawer.id,
            actor=ledger.acting(session),
        )
        .on_conflict_do_nothing()
        .returning(Payment)
    )


def _known(session: Session, isp: Isp, received: Received) -> Payment:
    """The payment that the reference stands for, if it is the same."""
    payment = session.scalars(
        select(Payment).where(
            Payment.isp_id == isp.id,
            Payment.provider == BY_HAND,
            Payment.provider_account == received.method,
            Payment.provider_ref == received.reference,
        )
    ).one()
    if payment.amount != received.amount or received.customer_id not in (None, payment.customer_id):
        raise Refused("reference_taken", "Another payment has this reference already.")
    return payment


def _holder(session: Session, payment: Payment) -> int:
    """Whose money it is: the customer's account, or suspense."""
    if payment.customer_id is None:
        return ledger.account(session, payment.isp_id, "suspense")
    return ledger.account(session, payment.isp_id, "customer", str(payment.customer_id))


def _till(session: Session, payment: Payment, drawer: Drawer | None) -> int:
    """Where the money lies: a drawer, or the account of its method."""
    if drawer is not None:
        return drawers.account_of(session, drawer)
    return ledger.account(session, payment.isp_id, "clearing", payment.method)


def _settle_closed_drawer(session: Session, isp: Isp, payment: Payment, cause: Cause) -> None:
    """The cash of a drawer that has been closed lies in the safe, so it leaves from there."""
    drawer = None if payment.drawer_id is None else session.get(Drawer, (isp.id, payment.drawer_id))
    if drawer is not None and drawer.closed_at is not None:
        safe = ledger.account(session, isp.id, "clearing", "cash")
        till = drawers.account_of(session, drawer)
        ledger.post(session, isp.id, cause, [Movement(f"payment:{payment.id}:safe", till, safe, payment.amount)])


def _lock(session: Session, payment: Payment) -> None:
    session.refresh(payment, with_for_update=True)


def _lock_customer(session: Session, isp_id: int, customer_id: int | None) -> None:
    """Who renews locks the customer before the account: in the same order nobody waits for each other."""
    if customer_id is not None:
        wanted = (Customer.isp_id == isp_id, Customer.id == customer_id)
        session.execute(select(Customer.id).where(*wanted).with_for_update(key_share=True))
