"""What a tax authority is told about documents, and where its answer goes: once, later, and nobody waits for it.

How an authority is spoken to is the worker's (`radius_module.enforce.duties.fiscal`); here is what, and which.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple, Protocol

from sqlalchemy import text
from sqlalchemy.orm import Session

from models.audit_trail import note
from models.money.amounts import decimal_text
from models.tables.documents import Document
from models.tables.isps import BillingSettings

#: Parts of an answer; each is text, and printed as it is.
_ANSWER = ("control_number", "signature", "qr")
_LONGEST = 4000


class Unanswered(NamedTuple):
    """A document that its tenant's authority has not answered about."""

    isp_id: int
    document_id: int
    authority: str


class Authority(Protocol):
    """Speaks to one authority's system. The same `key` is the same document, however often it is sent."""

    def register(self, key: str, told: dict[str, Any]) -> dict[str, Any]:
        """Its answer. Raises Unreachable where there is none, or one that is none."""


class Unreachable(Exception):
    """The authority gave no answer that could be read; it is asked again."""


def unanswered(session: Session, limit: int = 100) -> list[Unanswered]:
    """Of all tenants, the longest issued first: documents since the tenant has chosen an authority."""
    return [Unanswered(*row) for row in session.execute(_UNANSWERED, {"limit": limit})]


def is_expected(document: Document, settings: BillingSettings) -> bool:
    """Whether the authority is told about this document."""
    since, issued_at = settings.fiscal_since, document.issued_at
    if settings.fiscal_authority is None or since is None or issued_at is None:
        return False
    return document.kind in ("invoice", "credit_note") and issued_at >= since


def told(session: Session, isp_id: int, document_id: int) -> tuple[str, dict[str, Any]]:
    """(the document's hash, what an authority is told): amounts as decimal text."""
    document, lines, taxes = session.execute(_TOLD, {"isp_id": isp_id, "id": document_id}).one()
    currency = document["currency"]
    for part in (document, *lines, *taxes):
        for name in ("net", "tax", "total", "rounding", "base", "unit_price"):
            if name in part:
                part[name] = decimal_text(part[name], currency)
    return document["hash"], document | {"lines": lines, "taxes": taxes}


def keep(session: Session, document: Unanswered, answer: dict[str, Any]) -> bool:
    """Write the answer down, once; False where there was one already. Raises Unreachable for what is no answer."""
    parts = {name: answer.get(name) or "" for name in _ANSWER}
    if not parts["control_number"] or any(
        not isinstance(part, str) or len(part) > _LONGEST or "\0" in part for part in parts.values()
    ):
        raise Unreachable("the answer has no control number, or is none")
    wanted = {"isp_id": document.isp_id, "id": document.document_id}
    written = session.execute(_KEEP, wanted | {"fiscal": json.dumps({"authority": document.authority} | parts)})
    if written.scalar() is None:
        return False
    note(session, "register", "documents", document.document_id, document.isp_id, after={"fiscal": parts})
    return True


_UNANSWERED = text("""
select d.isp_id, d.id, s.fiscal_authority from documents d
  join billing_settings s on s.isp_id = d.isp_id and s.fiscal_authority is not null
 where d.fiscal is null and d.kind in ('invoice', 'credit_note') and d.issued_at >= s.fiscal_since
 order by d.issued_at, d.isp_id, d.chain_no limit :limit
""")
_TOLD = text("""
select jsonb_build_object('kind', d.kind, 'number', d.full_number, 'issued_at', d.issued_at, 'issued_on', d.issued_on,
                          'seller', d.seller, 'buyer', d.buyer, 'currency', d.currency, 'net', d.net, 'tax', d.tax,
                          'total', d.total, 'rounding', d.rounding, 'hash', encode(d.hash, 'hex'),
                          'corrects', (select c.full_number from documents c where c.isp_id = d.isp_id
                                                                               and c.id = d.corrects)),
       (select jsonb_agg(jsonb_build_object('line', line, 'description', description, 'quantity', quantity,
                                            'unit_price', unit_price, 'price_quantity', price_quantity, 'net', net,
                                            'tax_category', tax_category, 'tax_rate', tax_rate::text) order by line)
          from document_lines l where l.isp_id = d.isp_id and l.document_id = d.id),
       (select jsonb_agg(jsonb_build_object('tax_category', tax_category, 'tax_rate', tax_rate::text, 'base', base,
                                            'tax', tax) order by tax_category, tax_rate)
          from document_taxes t where t.isp_id = d.isp_id and t.document_id = d.id)
  from documents d where d.isp_id = :isp_id and d.id = :id
""")
_KEEP = text("""
update documents set fiscal = cast(:fiscal as jsonb) where isp_id = :isp_id and id = :id and fiscal is null
returning id
""")
