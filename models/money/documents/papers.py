"""A document as its page shows it, and its file: rendered once, and kept with the document."""

from __future__ import annotations

from base64 import b64decode
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models.money import billing_settings
from models.money.books.statement import Statement
from models.money.charges import Line, shares_of
from models.money.currencies import digits
from models.money.documents import parties
from models.money.documents.draft import Priced, Rate, compose
from models.money.fiscal import answers
from models.money.paper.paper import (
    Corrected,
    FiscalAnswer,
    Look,
    Paper,
    PaperLine,
    Party,
    StatementEntry,
    StatementPaper,
    TaxGroup,
)
from models.money.paper.pdf import pdf
from models.money.paper.xml import xml
from models.refusals import Refused
from models.tables.documents import Document, DocumentFile, DocumentLine, DocumentTax
from models.tables.isps import BillingSettings, Isp


class Dates(NamedTuple):
    """Of a sample: the day that it is printed on, and what it is for."""

    today: date
    month: tuple[date, date]


def file_of(session: Session, document: Document) -> DocumentFile:
    """The document's file. Whoever asks first has it rendered; afterwards it is the same octets for ever."""
    key = (document.isp_id, document.id)
    existing = session.get(DocumentFile, key)
    if existing is not None:
        return existing
    settings = parties.complete(billing_settings.read(session, document.isp_id))
    if document.fiscal is None and answers.is_expected(document, settings):
        raise Refused("fiscal_pending", "The tax authority has not answered yet, and the page shows its answer.")
    # Two who ask at once render one file.
    session.execute(select(Document.id).where(Document.isp_id == key[0], Document.id == key[1]).with_for_update())
    existing = session.get(DocumentFile, key)
    if existing is not None:
        return existing
    paper = paper_of(session, document, settings)
    written = xml(paper)
    session.execute(_KEEP, {"isp_id": key[0], "id": key[1], "pdf": pdf(paper, written), "xml": written or None})
    session.execute(_SEAL, {"isp_id": key[0], "id": key[1]})
    return session.get_one(DocumentFile, key)


def paper_of(session: Session, document: Document, settings: BillingSettings) -> Paper:
    """Everything that the page shows."""
    of_document = (DocumentLine.isp_id == document.isp_id, DocumentLine.document_id == document.id)
    lines = session.scalars(select(DocumentLine).where(*of_document).order_by(DocumentLine.line))
    taxes = session.scalars(
        select(DocumentTax)
        .where(DocumentTax.isp_id == document.isp_id, DocumentTax.document_id == document.id)
        .order_by(DocumentTax.tax_category, DocumentTax.tax_rate)
    )
    due = document.total + document.rounding - document.prepaid
    return Paper(
        kind=document.kind,  # type: ignore[arg-type]  # a CHECK says which there are
        number=document.full_number or "",
        issued_on=document.issued_on,
        seller=party(document.seller),
        buyer=party(document.buyer),
        currency=document.currency,
        digits=digits(document.currency),
        lines=tuple(_line(line) for line in lines),
        taxes=tuple(TaxGroup(tax.tax_category, tax.tax_rate, tax.base, tax.tax, tax.exemption_reason) for tax in taxes),
        net=document.net,
        tax=document.tax,
        total=document.total,
        rounding=document.rounding,
        prepaid=document.prepaid,
        due=due,
        prices_include_tax=document.tax_inclusive,
        due_on=document.due_on,
        supply=None if document.supply_from is None or document.supply_to is None
        else (document.supply_from, document.supply_to),
        payment_reference=str(document.buyer.get("number", "")),
        iban=str(document.seller.get("iban", "")),
        bic=str(document.seller.get("bic", "")),
        tax_name=document.tax_name,
        language=str(document.buyer.get("language", "en")),
        corrects=_corrected(session, document),
        note=document.note or "",
        fiscal=None if document.fiscal is None else _fiscal(document.fiscal),
        look=look_of(settings),
    )  # fmt: skip


def sample(isp: Isp, settings: BillingSettings, dates: Dates) -> Paper:
    """A page as the tenant's invoices will look, marked as a sample; nothing of it is kept."""
    tax = billing_settings.tax_of(settings)
    rate = Rate(tax.category, Decimal(tax.percent))
    unit = 10 ** digits(isp.currency)
    priced = [
        Priced(words, count, price * unit, *shares_of(Line("fee", words, price * unit, count), tax), rate, days)
        for words, count, price, days in (("Internet 20 Mbit/s", 1, 30, dates.month), ("Router", 2, 15, None))
    ]
    lines, taxes = compose(priced, inclusive=tax.inclusive)
    net, amount = sum(line.net for line in lines), sum(part.tax for part in taxes)
    reason = settings.tax_exemption_reason or parties.WHY_NONE.get(tax.category, "")
    charged = sum(item.net + item.tax for item in priced)
    return Paper(
        kind="invoice", number="", issued_on=dates.today, seller=party(parties.seller_of(settings)),
        buyer=Party("Jane Doe", "1 Hill Street", country=str(settings.seller.get("country", ""))),
        currency=isp.currency, digits=digits(isp.currency),
        lines=tuple(PaperLine(number, line.description, line.quantity, line.unit_price, line.price_quantity, line.net,
                              tax.category, rate.percent, line.days) for number, line in enumerate(lines, 1)),
        taxes=tuple(TaxGroup(tax.category, rate.percent, part.base, part.tax, reason) for part in taxes),
        net=net, tax=amount, total=net + amount, rounding=charged - net - amount, prepaid=0, due=charged,
        prices_include_tax=tax.inclusive, due_on=dates.today, supply=dates.month, payment_reference="0000125",
        iban=str(settings.seller.get("iban") or ""), bic=str(settings.seller.get("bic") or ""),
        tax_name=settings.tax_name, look=look_of(settings), sample=True,
    )  # fmt: skip


def statement_paper(
    isp: Isp, settings: BillingSettings, buyer: dict[str, Any], statement: Statement, days: tuple[date, date]
) -> StatementPaper:
    """A customer's account between two days."""
    entries = (StatementEntry(entry.on, entry.description, entry.amount, entry.balance) for entry in statement.entries)
    return StatementPaper(
        party(parties.seller_of(settings)), party(buyer), *days, isp.currency, digits(isp.currency), statement.opening,
        statement.closing, tuple(entries), str(buyer.get("number", "")), str(settings.seller.get("iban") or ""),
        str(settings.seller.get("bic") or ""), str(buyer.get("language", "en")), look_of(settings),
    )  # fmt: skip


def party(kept: dict[str, Any]) -> Party:
    """Of a snapshot."""
    names = ("city", "postcode", "country", "vat_id", "tax_id", "email", "phone", "number")
    given = {name: str(kept[name]) for name in names if kept.get(name)}
    return Party(str(kept.get("name", "")), str(kept.get("address") or ""), **given)


def look_of(settings: BillingSettings) -> Look:
    """What the tenant has chosen; a logo is base64 in the settings."""
    chosen = {name: settings.look[name] for name in ("colour", "text", "footer") if settings.look.get(name)}
    return Look(b64decode(settings.look.get("logo") or ""), **chosen)


def _line(line: DocumentLine) -> PaperLine:
    return PaperLine(line.line, line.description, line.quantity, line.unit_price, line.price_quantity, line.net,
                     line.tax_category, line.tax_rate, line.days)  # fmt: skip


def _corrected(session: Session, document: Document) -> Corrected | None:
    if document.corrects is None:
        return None
    original = session.get_one(Document, (document.isp_id, document.corrects))
    return Corrected(original.full_number or "", original.issued_on)


def _fiscal(answer: dict[str, Any]) -> FiscalAnswer:
    return FiscalAnswer(*(str(answer.get(name, "")) for name in ("authority", "control_number", "signature", "qr")))


_KEEP = text("""
insert into document_files (isp_id, document_id, pdf, xml, sha256) values (:isp_id, :id, :pdf, :xml, sha256(:pdf))
""")
_SEAL = text("""
update documents d set pdf_sha256 = f.sha256 from document_files f
 where d.isp_id = :isp_id and d.id = :id and f.isp_id = d.isp_id and f.document_id = d.id
""")
