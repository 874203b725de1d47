"""Waiting charges become invoices; what was taken back of invoiced ones, credit notes. In the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.money import billing_settings, receivables
from models.money.documents import credit_notes, parties, waiting
from models.money.documents.draft import Draft, DraftTax, charged_taxes, compose
from models.money.documents.issue import Turn, issue, take_turn
from models.money.documents.waiting import Scope, WaitingCharge
from models.refusals import Refused
from models.tables.customers import Customer
from models.tables.documents import Document, DocumentLine
from models.tables.isps import BillingSettings, Isp

#: What a credit note says where nobody gave a reason.
TAKEN_BACK = "taken back"


def scope_of(isp: Isp, settings: BillingSettings, until: date) -> Scope | None:
    """Which charges reach documents; None where the tenant has not begun to invoice."""
    since = settings.invoicing_since
    return None if since is None else Scope(isp.id, since, until, isp.timezone)


def after_charging(session: Session, isp: Isp, customers: Iterable[int], now: datetime) -> list[int]:
    """At the end of whatever charges or takes back: of a tenant that invoices each charge, the documents for it.

    Nothing where a document would lack what it needs: a sale is never refused for that, and its charges wait.
    """
    settings = billing_settings.read(session, isp.id)
    if settings is None or settings.invoicing != "each_charge" or parties.missing(settings):
        return []
    return issue_waiting(session, isp, settings, sorted(set(customers)), now)


def issue_waiting(
    session: Session, isp: Isp, settings: BillingSettings, customers: Sequence[int], now: datetime
) -> list[int]:
    """Documents for all that waits of these customers."""
    turn = take_turn(session, isp, settings, now)
    return issue(session, turn, drafts_for(session, turn, customers, turn.today))


def before_removal(session: Session, customer: Customer) -> None:
    """Whoever goes is invoiced first: afterwards nobody would know whom to name."""
    settings = billing_settings.read(session, customer.isp_id)
    if settings is None or settings.invoicing_since is None or parties.missing(settings):
        return
    now = session.execute(select(func.now())).scalar_one()
    issue_waiting(session, session.get_one(Isp, customer.isp_id), settings, [customer.id], now)


def drafts_for(session: Session, turn: Turn, customers: Sequence[int], until: date) -> list[Draft]:
    """By customer: credit notes first, so that an invoice's number follows what it builds on."""
    scope = scope_of(turn.isp, turn.settings, until)
    if scope is None or not customers:
        return []
    charges = waiting.charges_of(session, scope, customers)
    country = str(turn.settings.seller.get("country", ""))
    buyers = parties.buyers(session, turn.isp.id, customers, country) if charges else {}
    still_open = receivables.unpaid(session, turn.isp.id, [charge.customer_id for charge in charges])
    drafts: list[Draft] = []
    for customer_id, of_customer in groupby(charges, key=lambda charge: charge.customer_id):
        rows = list(of_customer)
        drafts += _credit_notes(session, turn, [row for row in rows if row.credits is not None])
        if customer_id in buyers:
            sold = [row for row in rows if row.credits is None]
            for draft in _invoices(turn, customer_id, sold, still_open):
                draft.buyer = buyers[customer_id]
                drafts.append(draft)
    return drafts


def _invoices(turn: Turn, customer_id: int, rows: list[WaitingCharge], still_open: dict[int, int]) -> list[Draft]:
    """One, unless some prices hold their tax and some do not, or some are outside of the tax: those stand apart."""
    kinds: dict[tuple[bool, bool], list[WaitingCharge]] = defaultdict(list)
    for row in rows:
        kinds[(row.inclusive, row.priced.rate.category == "O")].append(row)
    drafts = []
    for (inclusive, _), group in sorted(kinds.items()):
        priced = [row.priced for row in group]
        lines, taxes = compose(priced, inclusive=inclusive)
        total = sum(item.net + item.tax for item in priced)
        unpaid = sum(still_open.get(item.charge_id or 0, 0) for item in priced)
        drafts.append(Draft(
            "invoice", customer_id, lines, [_explained(tax, turn.settings) for tax in taxes], total,
            charged_taxes(priced), inclusive, due_on=turn.today + timedelta(days=turn.settings.due_days),
            prepaid=min(max(total - unpaid, 0), max(total, 0)),
        ))  # fmt: skip
    return drafts


def _credit_notes(session: Session, turn: Turn, rows: list[WaitingCharge]) -> list[Draft]:
    """One for each invoice that is corrected. What more than is left of it would be needed for goes on waiting."""
    drafts = []
    by_document: dict[int, list[WaitingCharge]] = defaultdict(list)
    for row in rows:
        by_document[row.credits or 0].append(row)
    for document_id, group in sorted(by_document.items()):
        document = session.get_one(Document, (turn.isp.id, document_id))
        if document.kind != "invoice":
            continue
        lines = [(_line(session, turn.isp.id, document_id, row.line or 0), row.priced) for row in group]
        try:
            rest = credit_notes.remainder(session, document)
            drafts.append(credit_notes.of_lines(document, rest, lines, TAKEN_BACK))
        except Refused:
            continue
    return drafts


def _line(session: Session, isp_id: int, document_id: int, number: int) -> DocumentLine:
    return session.scalars(
        select(DocumentLine).where(
            DocumentLine.isp_id == isp_id, DocumentLine.document_id == document_id, DocumentLine.line == number
        )
    ).one()


def _explained(tax: DraftTax, settings: BillingSettings) -> DraftTax:
    """With the reason why there is none, in the tenant's words or in the usual ones."""
    usual = parties.WHY_NONE.get(tax.rate.category)
    if usual is None:
        return tax
    own = settings.tax_exemption_reason if settings.tax_category == tax.rate.category else ""
    return tax._replace(exemption_reason=own or usual)
