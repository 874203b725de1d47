"""Documents: listed, read, credited; proformas and receipts."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from admin_api.access.authentication import allowed
from admin_api.money.documents.bodies import CreditIn, DocumentOut, DocumentPage, DocumentQuery, ProformaIn
from admin_api.money.documents.views import shown_documents
from admin_api.web.database import now, session, tenant, tenant_id, tenant_rows
from admin_api.web.errors import invalid
from admin_api.web.money import minor_of
from admin_api.web.pages import page_of
from admin_api.web.route import answers, asks, documents, takes
from admin_api.web.rows import row as the_row
from models import Customer, Document, Payment
from models.money.charges import Line
from models.money.documents import corrections, others
from models.money.purchases import renewal
from models.money.purchases.quote import quote

document_routes = APIBlueprint("documents", __name__, url_prefix="/api/billing/documents", tag="Documents")
receipts = APIBlueprint("receipts", __name__, url_prefix="/api/billing/payments", tag="Documents")


@document_routes.get("")
@allowed("viewer")
@asks(DocumentQuery)
@answers(DocumentPage)
def index(query: DocumentQuery) -> dict[str, Any]:
    """List documents, the newest first"""
    wanted = tenant_rows(Document)
    for column, value in (
        (Document.kind, query.kind),
        (Document.customer_id, query.customer_id),
        (Document.full_number, query.number),
    ):
        wanted = wanted if value is None else wanted.where(column == value)
    if query.since is not None:
        wanted = wanted.where(Document.issued_on >= query.since)
    if query.until is not None:
        wanted = wanted.where(Document.issued_on <= query.until)
    return page_of(wanted.order_by(Document.id.desc()), query, shown_documents)


@document_routes.post("")
@documents(responses=[409])
@allowed("charges")
@takes(ProformaIn)
@answers(DocumentOut, 201, "A proforma; nothing is owed for it.")
def create(body: ProformaIn) -> dict[str, Any]:
    """Write a proforma: what something would cost. It has no number and moves no money"""
    customer = session().scalar(tenant_rows(Customer).where(Customer.id == body.customer_id))
    if customer is None:
        invalid("customer_id", "there is no such customer")
    lines = [Line("fee", line.description, minor_of(line.unit_price, "lines"), line.quantity) for line in body.lines]
    if body.periods is not None and not lines:
        lines = _periods(customer, body.periods)
    elif body.periods is not None or not lines:
        invalid("lines", "is required, or else periods: one of both")
    return shown_documents([others.proforma(session(), tenant(), customer.id, lines, now())])[0]


@document_routes.get("/<int:id>")
@allowed("viewer")
@the_row(Document)
@answers(DocumentOut)
def read(row: Document) -> dict[str, Any]:
    """Read a document as it was issued, and what of it is open"""
    return shown_documents([row])[0]


@document_routes.post("/<int:id>/credit")
@documents(responses=[409])
@allowed("refunds")
@the_row(Document)
@takes(CreditIn)
@answers(DocumentOut, 201, "Credited.")
def credit(row: Document, body: CreditIn) -> dict[str, Any]:
    """Credit lines of an invoice, whose charges are taken back, or an amount; answers the credit note

    The money is the customer's credit. All credit notes of an invoice together never exceed it, of no rate.
    """
    by, reason = (session(), tenant(), row), body.reason
    if body.lines is not None and body.amount is None:
        note = corrections.credit_lines(*by, sorted(set(body.lines)), reason, now())
    elif body.amount is not None and body.lines is None:
        note = corrections.credit_amount(*by, minor_of(body.amount), reason, now())
    else:
        invalid("lines", "is required, or else an amount: one of both")
    return shown_documents([note])[0]


@receipts.post("/<int:id>/receipt")
@documents(responses=[409])
@allowed("payments")
@the_row(Payment)
@answers(DocumentOut, 201, "The payment's receipt.")
def receipt(row: Payment) -> dict[str, Any]:
    """Give a receipt for a payment: what the money has paid until now; asked again, the same one"""
    return shown_documents([others.receipt(session(), tenant(), row, now())])[0]


def _periods(customer: Customer, count: int) -> list[Line]:
    """What a renewal would charge, without its being done."""

    def act() -> object:
        return renewal.renew(session(), tenant(), customer, now(), count)

    sold = [line for line in quote(session(), tenant_id(), customer.id, act).lines if not line.given]
    return [Line(line.kind, line.description, line.unit_price, line.quantity) for line in sold]
