"""Credit notes take the remainder of what was invoiced, never a new multiplication.

So whatever is credited in whatever pieces, of each rate the pieces never exceed the invoice, and are equal to it once
all of it is credited.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.money.amounts import half_up
from models.money.documents.draft import Draft, DraftLine, DraftTax, Priced, Rate
from models.refusals import Refused
from models.tables.documents import Document, DocumentLine, DocumentTax


class Share(NamedTuple):
    """Of one rate."""

    base: int
    tax: int


class Remainder(NamedTuple):
    """What of an invoice is not credited; `invoiced` is what it was, `reasons` why there is no tax."""

    invoiced: dict[Rate, Share]
    left: dict[Rate, Share]
    reasons: dict[Rate, str]
    #: As the customer owes it, rounding included.
    payable: int

    @property
    def total(self) -> int:
        """Net and tax, without the rounding."""
        return sum(share.base + share.tax for share in self.left.values())


def remainder(session: Session, document: Document) -> Remainder:
    """The invoice less its credit notes."""
    corrections = select(Document.id).where(Document.isp_id == document.isp_id, Document.corrects == document.id)
    rows = session.execute(
        select(DocumentTax).where(
            DocumentTax.isp_id == document.isp_id,
            (DocumentTax.document_id == document.id) | DocumentTax.document_id.in_(corrections),
        )
    ).scalars()
    invoiced: dict[Rate, Share] = {}
    reasons: dict[Rate, str] = {}
    credited: dict[Rate, Share] = defaultdict(lambda: Share(0, 0))
    for row in rows:
        rate = Rate(row.tax_category, row.tax_rate)
        if row.document_id == document.id:
            invoiced[rate], reasons[rate] = Share(row.base, row.tax), row.exemption_reason
        else:
            credited[rate] = Share(credited[rate].base + row.base, credited[rate].tax + row.tax)
    left = {rate: Share(share.base - credited[rate].base, share.tax - credited[rate].tax)
            for rate, share in invoiced.items()}  # fmt: skip
    given = session.execute(
        select(Document.total, Document.rounding).where(
            Document.id.in_(corrections), Document.isp_id == document.isp_id
        )
    ).all()
    payable = document.total + document.rounding - sum(row.total + row.rounding for row in given)
    return Remainder(invoiced, left, reasons, payable)


def tax_left_after(invoiced: Share, left: Share, base: int) -> int:
    """The tax that goes with `base` of what is left: running sums over the whole base, so that the last takes the rest.

    >>> tax_left_after(Share(100, 19), Share(100, 19), 33), tax_left_after(Share(100, 19), Share(67, 13), 67)
    (6, 13)
    """
    if base == left.base:
        return left.tax
    credited_before = invoiced.base - left.base
    running = half_up(invoiced.tax * (credited_before + base), invoiced.base)
    return min(max(running - (invoiced.tax - left.tax), 0), left.tax)


def split(rest: Remainder, amount: int) -> dict[Rate, Share]:
    """An amount with its tax, shared out over the rates in proportion to what is left of each.

    All that is left, where the amount is all that the customer could be given back.
    """
    if amount == rest.payable:
        return {rate: share for rate, share in rest.left.items() if share != Share(0, 0)}
    if not 0 < amount < rest.total:
        raise Refused("more_than_invoiced", "Credit notes of an invoice cannot exceed it.")
    shares, running, given = {}, 0, 0
    for rate, left in sorted(rest.left.items()):
        gross = left.base + left.tax
        running += gross
        part = half_up(amount * running, rest.total) - given
        given += part
        if part:
            shares[rate] = _parted(rest.invoiced[rate], left, part)
    return shares


def of_lines(document: Document, rest: Remainder, lines: Sequence[tuple[DocumentLine, Priced]], note: str) -> Draft:
    """Lines of the invoice, whose charges have been taken back: `Priced` is the reversal as it was charged."""
    drafts: list[DraftLine] = []
    bases: dict[Rate, int] = defaultdict(int)
    charged: dict[Rate, int] = defaultdict(int)
    for line, reversal in lines:
        rate = Rate(line.tax_category, line.tax_rate)
        drafts.append(DraftLine(line.description, line.quantity, line.unit_price, line.price_quantity, line.net, rate,
                                line.days, reversal.charge_id))  # fmt: skip
        bases[rate] += line.net
        charged[rate] -= reversal.tax
    total = -sum(reversal.net + reversal.tax for _, reversal in lines)
    shares = {}
    for rate, base in bases.items():
        left = rest.left[rate]
        if not 0 <= base <= left.base:
            raise Refused("more_than_invoiced", "Credit notes of an invoice cannot exceed it.")
        shares[rate] = Share(base, tax_left_after(rest.invoiced[rate], left, base))
    return _draft(document, rest, drafts, shares, total, dict(charged), note)


def of_amount(
    document: Document, rest: Remainder, shares: dict[Rate, Share], charges: dict[Rate, Priced], note: str
) -> Draft:
    """An amount: a line for each rate, with the charge that gives it to the customer."""
    lines = [
        DraftLine(note, 1, share.base, 1, share.base, rate, None, charges[rate].charge_id)
        for rate, share in shares.items()
    ]
    total = -sum(charge.net + charge.tax for charge in charges.values())
    return _draft(document, rest, lines, shares, total, {rate: -charge.tax for rate, charge in charges.items()}, note)


def _parted(invoiced: Share, left: Share, gross: int) -> Share:
    """The base whose running tax makes this gross, or comes nearest without making the tax negative."""
    whole = left.base + left.tax
    if gross == whole:
        return left
    base = half_up(left.base * gross, whole) if whole else 0
    tax = min(max(gross - base, 0), left.tax)
    return Share(gross - tax, tax)


def _draft(
    document: Document, rest: Remainder, lines: list[DraftLine], shares: dict[Rate, Share], charged: int,
    charged_taxes: dict[Rate, int], note: str,
) -> Draft:  # fmt: skip
    taxes = [DraftTax(rate, share.base, share.tax, rest.reasons[rate]) for rate, share in sorted(shares.items())]
    return Draft(
        "credit_note", document.customer_id, lines, taxes, charged, charged_taxes, document.tax_inclusive, note=note,
        corrects=document.id, buyer=document.buyer,
    )  # fmt: skip
