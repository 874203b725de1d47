"""How something that was bought is paid: given away, on account, or in cash. In the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy.orm import Session

from models.money import billing_settings, ledger, payments, periods
from models.money.amounts import decimal_text
from models.money.documents import invoices
from models.money.payments import Received
from models.money.periods import ON_ACCOUNT, Terms
from models.refusals import Invalid, Refused
from models.tables.charges import Charge
from models.tables.customers import Customer
from models.tables.isps import Isp


class Pay(NamedTuple):
    """`given` wants a reason; `credit` is what the customer has, or not at all. None: as is usual with the tenant."""

    how: Literal["given", "on_account", "cash", "credit"] | None = None
    reason: str | None = None
    reference: str | None = None


USUAL = Pay()


def sell(
    session: Session, isp: Isp, customer: Customer, now: datetime, pay: Pay, act: Callable[[Terms], Sequence[Charge]]
) -> list[Charge]:
    """Do the act, which charges by the terms; then money comes in, or the customer's limit is looked at."""
    terms = terms_of(session, isp, pay)
    limit = 0 if pay.how == "credit" else customer.credit_limit_minor
    if limit is not None:
        ledger.spend_alone(session, isp.id, customer.id)
    charged = list(act(terms))
    owed = sum(charge.total for charge in charged if not charge.given)
    if pay.how == "cash" and owed > 0:
        received = Received(owed, "cash", now, customer.id, pay.reference)
        payments.receive(session, isp, received, now)
    elif owed > 0:
        _check_limit(session, isp, customer, limit)
    invoices.after_charging(session, isp, [customer.id], now)
    return charged


def terms_of(session: Session, isp: Isp, pay: Pay) -> Terms:
    """Who pays, of what was said, or of what is usual with the tenant."""
    settings = billing_settings.read(session, isp.id)
    if pay.how is None:
        return Terms(pay.reason) if settings is None and pay.reason else periods.usual_terms(settings)
    if pay.how != "given":
        if settings is None:
            raise Refused("no_billing_settings", "Save the billing settings first: what is owed depends on them.")
        return ON_ACCOUNT
    if not pay.reason:
        raise Invalid("reason", "is required for what is given away")
    return Terms(pay.reason)


def _check_limit(session: Session, isp: Isp, customer: Customer, limit: int | None) -> None:
    if limit is None:
        return
    credit = ledger.credit_of(session, isp.id, customer.id)
    if credit < -limit:
        owed, most = decimal_text(-credit, isp.currency), decimal_text(limit, isp.currency)
        raise Refused("credit_limit", f"The customer would owe {owed} {isp.currency}, and may owe {most}.")
