"""Documents as files, a sample of one, and a customer's statement of account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from admin_api.access.authentication import allowed
from admin_api.web.answer import download
from admin_api.web.bodies import Nothing
from admin_api.web.database import now, session, tenant, tenant_id
from admin_api.web.errors import refuse
from admin_api.web.route import answers, documents
from admin_api.web.rows import row as the_row
from models import Customer, Document, DocumentFile
from models.money import billing_settings
from models.money.books.statement import Statement
from models.money.charges import local_day
from models.money.documents import papers, parties
from models.money.paper.pdf import NoFonts, pdf, statement_pdf
from models.money.paper.words import Unprintable

files = APIBlueprint("document_files", __name__, url_prefix="/api/billing", tag="Documents")

PDF, XML = "application/pdf", "application/xml"


def _file(mimetype: str) -> dict[int, dict[str, Any]]:
    return {200: {"content": {mimetype: {"schema": {"type": "string", "format": "binary"}}}}}


@files.get("/documents/<int:id>.pdf")
@documents(responses=_file(PDF))
@allowed("viewer")
@the_row(Document)
@answers(Nothing)
def document_pdf(row: Document) -> Response:
    """Read a document as PDF/A-3b, an invoice or credit note with its XML inside; the same octets for ever"""
    kept = _kept(row)
    return download(kept.pdf, PDF, f"{_name(row)}.pdf")


@files.get("/documents/<int:id>.xml")
@documents(responses=_file(XML))
@allowed("viewer")
@the_row(Document)
@answers(Nothing)
def document_xml(row: Document) -> Response:
    """Read an invoice or credit note as EN 16931 says it (Cross Industry Invoice)"""
    kept = _kept(row)
    if kept.xml is None:
        refuse(404, "no_xml", "This document has no XML: EN 16931 knows invoices and credit notes, of two decimals.")
    return download(kept.xml, XML, f"{_name(row)}.xml")


@files.get("/settings/sample.pdf")
@documents(responses=_file(PDF))
@allowed("viewer")
@answers(Nothing)
def sample() -> Response:
    """See what the ISP's invoices will look like: a sample, which is no document"""
    settings = billing_settings.read(session(), tenant_id())
    if settings is None:
        refuse(409, "no_billing_settings", "Save the billing settings first: documents name the seller and the tax.")
    today = local_day(tenant(), now())
    paper = papers.sample(tenant(), settings, papers.Dates(today, (today, today + timedelta(days=29))))
    return download(_rendered(lambda: pdf(paper, b"")), PDF, "sample.pdf")


def statement_file(row: Customer, statement: Statement, days: tuple[Any, Any]) -> Response:
    """A statement of account as PDF."""
    settings = parties.complete(billing_settings.read(session(), tenant_id()))
    buyer = parties.buyers(session(), tenant_id(), [row.id], str(settings.seller["country"]))[row.id]
    paper = papers.statement_paper(tenant(), settings, buyer, statement, days)
    return download(_rendered(lambda: statement_pdf(paper)), PDF, f"statement-{row.id}.pdf")


def _kept(row: Document) -> DocumentFile:
    """Rendered now, where nobody has asked for it before."""
    kept: DocumentFile = _rendered(lambda: papers.file_of(session(), row))
    session().commit()
    return kept


def _rendered(render: Callable[[], Any]) -> Any:  # noqa: ANN401  # what `render` gives
    try:
        return render()
    except Unprintable as refused:
        refuse(409, "unprintable", str(refused))
    except NoFonts as missing:
        refuse(503, "no_fonts", str(missing))


def _name(row: Document) -> str:
    """The number, in characters that every file system takes."""
    text = row.full_number or f"{row.kind}-{row.id}"
    return "".join(character if character.isascii() and character.isalnum() else "-" for character in text)
