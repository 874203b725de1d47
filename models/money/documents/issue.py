"""Drafts become documents: numbered, dated and chained, in the caller's transaction; commits nothing.

Who issues takes the tenant's turn first and reads what is to be issued after it: so nothing is issued twice, a later
number never has an earlier time, and what is undone leaves no gap.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from models.money import ledger
from models.money.charges import local_day
from models.money.documents import numbers
from models.money.documents.draft import Draft
from models.money.documents.parties import seller_of
from models.money.ledger import Cause, Movement
from models.tables.isps import BillingSettings, Isp


class Turn(NamedTuple):
    """The tenant's, until the transaction ends. `at` is no earlier than that of any document before."""

    isp: Isp
    settings: BillingSettings
    at: datetime

    @property
    def today(self) -> date:
        """The day that is printed."""
        return local_day(self.isp, self.at)


def take_turn(session: Session, isp: Isp, settings: BillingSettings, now: datetime) -> Turn:
    """Wait until nobody else issues documents of the tenant."""
    session.flush()
    session.execute(_BEGIN_CHAIN, {"isp_id": isp.id})
    return Turn(isp, settings, session.execute(_LOCK_CHAIN, {"isp_id": isp.id, "now": now}).scalar_one())


def issue(session: Session, turn: Turn, drafts: Sequence[Draft], run_id: int | None = None) -> list[int]:
    """The ids of the documents, in the order of the drafts. Proformas get no number and no place in the chain."""
    if not drafts:
        return []
    session.flush()
    ids = list(session.scalars(_IDS, {"count": len(drafts)}))
    numbered = _numbered(session, turn, drafts)
    parts = [(identity, draft) for identity, draft in zip(ids, drafts, strict=True)]
    shared: dict[str, object] = {"isp_id": turn.isp.id}
    lines = [line for identity, draft in parts for line in _lines(identity, draft)]
    taxes = [tax for identity, draft in parts for tax in _taxes(identity, draft)]
    session.execute(_LINES, shared | {"rows": _json(lines)})
    session.execute(_TAXES, shared | {"rows": _json(taxes)})
    documents = [
        _document(identity, draft, turn) | number for (identity, draft), number in zip(parts, numbered, strict=True)
    ]
    shared |= {"currency": turn.isp.currency, "tax_name": turn.settings.tax_name, "run_id": run_id}
    shared |= {"seller": _json(seller_of(turn.settings)), "actor": ledger.acting(session), "today": turn.today}
    session.execute(_DOCUMENTS, shared | {"rows": _json(documents)})
    _round(session, turn, parts)
    return ids


def _numbered(session: Session, turn: Turn, drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    """What is given at issue: of each kind as many numbers as there are drafts of it, at once."""
    patterns = {
        "invoice": turn.settings.series,
        "credit_note": turn.settings.credit_note_series,
        "receipt": turn.settings.receipt_series,
    }
    wanted: dict[numbers.Series, list[int]] = defaultdict(list)
    for place, draft in enumerate(drafts):
        if draft.kind in patterns:
            wanted[numbers.series_of(patterns[draft.kind], turn.today)].append(place)
    given: list[dict[str, Any]] = [{} for _ in drafts]
    for series, places in wanted.items():
        first = numbers.take(session, turn.isp.id, series, len(places))
        for number, place in enumerate(places, first):
            given[place] = {"series": series.name, "number": number, "full_number": series.printed(number)}
            given[place]["issued_at"] = turn.at.isoformat()
    return given


def _document(identity: int, draft: Draft, turn: Turn) -> dict[str, Any]:
    since, until = draft.supply or (None, None)
    return {
        "id": identity,
        "kind": draft.kind,
        "supply_from": since,
        "supply_to": until,
        "due_on": draft.due_on,
        "customer_id": draft.customer_id,
        "buyer": draft.buyer,
        "tax_inclusive": draft.inclusive,
        "net": draft.net,
        "tax": draft.tax,
        "total": draft.net + draft.tax,
        "rounding": draft.rounding,
        "prepaid": draft.prepaid,
        "note": draft.note,
        "corrects": draft.corrects,
        "payment_id": draft.payment_id,
    }


def _lines(identity: int, draft: Draft) -> list[dict[str, Any]]:
    return [
        {
            "document_id": identity,
            "line": number,
            "charge_id": line.charge_id,
            "description": line.description,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "price_quantity": line.price_quantity,
            "net": line.net,
            "tax_category": line.rate.category,
            "tax_rate": str(line.rate.percent),
            "period_from": line.days and line.days[0],
            "period_until": line.days and line.days[1],
        }
        for number, line in enumerate(draft.lines, 1)
    ]


def _taxes(identity: int, draft: Draft) -> list[dict[str, Any]]:
    return [
        {
            "document_id": identity,
            "tax_category": tax.rate.category,
            "tax_rate": str(tax.rate.percent),
            "base": tax.base,
            "tax": tax.tax,
            "exemption_reason": tax.exemption_reason,
        }
        for tax in draft.taxes
    ]


def _round(session: Session, turn: Turn, parts: Sequence[tuple[int, Draft]]) -> None:
    """The tax accounts hold what documents say: the difference to the charges' own tax is the tenant's rounding."""
    for identity, draft in parts:
        sign = -1 if draft.kind == "credit_note" else 1
        for rate, charged in draft.charged_taxes.items():
            more = sign * (sum(tax.tax for tax in draft.taxes if tax.rate == rate) - charged)
            if more:
                code = f"{rate.category}:{rate.thousandths}"
                rounding, due = ledger.accounts(session, turn.isp.id, [("rounding", ""), ("tax", code)])
                source, target = (rounding, due) if more > 0 else (due, rounding)
                movement = Movement(f"document:{identity}:{code}", source, target, abs(more))
                ledger.post(session, turn.isp.id, Cause("document", identity, turn.today), [movement])


def _json(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


_BEGIN_CHAIN = text("insert into document_chains (isp_id) values (:isp_id) on conflict do nothing")
_LOCK_CHAIN = text("""
select greatest(issued_at, least(cast(:now as timestamptz), clock_timestamp())) from document_chains
 where isp_id = :isp_id for update
""")
_IDS = text("select nextval('documents_id_seq') from generate_series(1, :count)")
_LINES = text("""
insert into document_lines (isp_id, document_id, line, charge_id, description, quantity, unit_price, price_quantity,
                            net, tax_category, tax_rate, period_from, period_until)
select :isp_id, document_id, line, charge_id, description, quantity, unit_price, price_quantity, net,
       tax_category, tax_rate, period_from, period_until
  from jsonb_populate_recordset(null::document_lines, cast(:rows as jsonb))
""")
_TAXES = text("""
insert into document_taxes (isp_id, document_id, tax_category, tax_rate, base, tax, exemption_reason)
select :isp_id, document_id, tax_category, tax_rate, base, tax, exemption_reason
  from jsonb_populate_recordset(null::document_taxes, cast(:rows as jsonb))
""")
#: In the order of ids, which is that of the numbers: a trigger gives each its place in the chain.
_DOCUMENTS = text("""
insert into documents (isp_id, id, kind, series, number, full_number, issued_at, issued_on, supply_from, supply_to,
                       due_on, customer_id, seller, buyer, currency, tax_name, tax_inclusive, net, tax, total, rounding,
                       prepaid, note, corrects, payment_id, run_id, actor)
select :isp_id, id, kind, series, number, full_number, issued_at, :today, supply_from, supply_to, due_on, customer_id,
       cast(:seller as jsonb), buyer, :currency, :tax_name, tax_inclusive, net, tax, total, rounding, prepaid, note,
       corrects, payment_id, :run_id, :actor
  from jsonb_populate_recordset(null::documents, cast(:rows as jsonb)) order by id
""")
