"""A customer's account: what they have, what they owe, and for what."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from apiflask import APIBlueprint
from flask import Response
from sqlalchemy import select

from admin_api.access.authentication import allowed
from admin_api.money.bodies import (
    AccountOut,
    ChargeIn,
    ChargeOut,
    ChargePage,
    ChargeQuery,
    ReasonIn,
    StatementOut,
    StatementQuery,
)
from admin_api.money.documents.files import statement_file
from admin_api.money.documents.views import open_documents
from admin_api.money.views import shown_charges
from admin_api.web.csv_rows import csv_response
from admin_api.web.database import now, session, tenant, tenant_id, tenant_rows
from admin_api.web.errors import invalid, refuse
from admin_api.web.money import minor_of, shown_amount
from admin_api.web.pages import page_of
from admin_api.web.route import answers, asks, documents, takes
from admin_api.web.rows import row as the_row
from models import Charge, Customer
from models.money import billing_settings, charges, periods, receivables
from models.money.books.statement import statement as statement_of
from models.money.charges import Line, local_day
from models.money.documents import invoices
from models.money.pay_reference import pay_reference

accounts = APIBlueprint("accounts", __name__, url_prefix="/api/billing/customers", tag="Money")

_LONGEST = timedelta(days=3660)


@accounts.get("/<int:id>/account")
@allowed("viewer")
@the_row(Customer)
@answers(AccountOut)
def account(row: Customer) -> dict[str, Any]:
    """Read what a customer has with the ISP, or owes"""
    standing = receivables.standing(session(), tenant(), row.id, now())
    return {
        "customer_id": row.id,
        "credit": shown_amount(standing.credit),
        "currency": tenant().currency,
        "pay_reference": pay_reference(row.id),
        "overdue": shown_amount(standing.overdue),
        "overdue_since": standing.overdue_since,
        "open_charges": [
            charge._asdict() | {"total": shown_amount(charge.total), "open": shown_amount(charge.open)}
            for charge in standing.open_charges
        ],
        "open_documents": open_documents(row.id),
    }


@accounts.get("/<int:id>/statement")
@documents(
    responses={
        200: {
            "content": {"text/csv": {"schema": {"type": "string"}}, "application/pdf": {"schema": {"type": "string"}}}
        }
    }
)
@allowed("viewer")
@the_row(Customer)
@asks(StatementQuery)
@answers(StatementOut)
def statement(row: Customer, query: StatementQuery) -> dict[str, Any] | Response:
    """Read a customer's account line by line"""
    until = query.until or local_day(tenant(), now())
    since = query.since or max(until, date(1970, 2, 1)) - timedelta(days=30)
    if not timedelta(0) <= until - since <= _LONGEST:
        invalid("since", "must not lie after until, nor more than ten years before it")
    result = statement_of(session(), tenant_id(), row.id, since, until)
    if query.format == "pdf":
        return statement_file(row, result, (since, until))
    if query.format == "csv":
        lines = (
            (entry.on, entry.cause, entry.cause_id, entry.description, _exact(entry.amount), _exact(entry.balance))
            for entry in result.entries
        )
        return csv_response("statement", ("date", "cause", "cause_id", "description", "amount", "balance"), list(lines))
    return {
        "since": since,
        "until": until,
        "currency": tenant().currency,
        "opening": shown_amount(result.opening),
        "closing": shown_amount(result.closing),
        "entries": [
            entry._asdict()
            | {"date": entry.on, "amount": shown_amount(entry.amount), "balance": shown_amount(entry.balance)}
            for entry in result.entries
        ],
    }


@accounts.get("/<int:id>/charges")
@allowed("viewer")
@the_row(Customer)
@asks(ChargeQuery)
@answers(ChargePage)
def index(row: Customer, query: ChargeQuery) -> dict[str, Any]:
    """List a customer's charges, the newest first"""
    wanted = tenant_rows(Charge).where(Charge.customer_id == row.id)
    if query.kind is not None:
        wanted = wanted.where(Charge.kind == query.kind)
    return page_of(wanted.order_by(Charge.id.desc()), query, shown_charges)


@accounts.post("/<int:id>/charges")
@documents(responses=[409])
@allowed("charges")
@the_row(Customer)
@takes(ChargeIn)
@answers(ChargeOut, 201, "Charged.")
def charge(row: Customer, body: ChargeIn) -> dict[str, Any]:
    """Charge a customer once, or give a discount (an adjustment below zero)"""
    price = minor_of(body.unit_price, "unit_price")
    if price < 0 and body.kind != "adjustment":
        invalid("unit_price", "is below zero in an adjustment only")
    if billing_settings.read(session(), tenant_id()) is None:
        refuse(409, "no_billing_settings", "Save the billing settings first: what is owed depends on them.")
    line = Line(body.kind, body.description, price, body.quantity)
    billing = periods.billing_of(session(), tenant(), now())
    charged = charges.charge_once(session(), billing, row.id, line)
    invoices.after_charging(session(), tenant(), [row.id], now())
    return shown_charges([charged])[0]


@accounts.post("/<int:id>/charges/<int:charge_id>/reverse")
@documents(responses=[409])
@allowed("refunds")
@the_row(Customer)
@takes(ReasonIn)
@answers(ChargeOut, message="The charge is taken back.")
def reverse(row: Customer, charge_id: int, body: ReasonIn) -> dict[str, Any]:
    """Take a charge back as a whole; answers its reversal"""
    wanted = select(Charge).where(Charge.isp_id == tenant_id(), Charge.customer_id == row.id, Charge.id == charge_id)
    original = session().scalar(wanted) if charge_id < 2**63 else None
    if original is None:
        refuse(404, "not_found", "There is no such thing here.")
    reversal = charges.reverse(session(), tenant(), original, body.reason, now())
    invoices.after_charging(session(), tenant(), [row.id], now())
    return shown_charges([reversal])[0]


def _exact(minor: int) -> Decimal:
    """A number in a spreadsheet, not a text."""
    return Decimal(shown_amount(minor))
