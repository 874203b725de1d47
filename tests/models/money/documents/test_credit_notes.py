"""Credit notes in any split: never more than was invoiced, of no rate, and equal to it once all of it is credited."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from models.money import charges
from models.money.documents import credit_notes
from models.money.documents.credit_notes import Remainder, Share, split, tax_left_after
from models.money.documents.draft import Rate, tax_on
from models.refusals import Refused
from tests.support.documents_world import DocumentsWorld

RATES = [Rate("S", Decimal(percent)) for percent in ("19.000", "7.000", "5.500")] + [Rate("Z", Decimal("0.000"))]
shares = st.dictionaries(st.sampled_from(RATES), st.integers(0, 10**7), min_size=1).map(
    lambda bases: {rate: Share(base, tax_on(rate, base, inclusive=False)) for rate, base in bases.items()}
)


def less(rest: Remainder, credited: dict[Rate, Share], payable: int) -> Remainder:
    none = Share(0, 0)
    left = {
        rate: Share(share.base - credited.get(rate, none).base, share.tax - credited.get(rate, none).tax)
        for rate, share in rest.left.items()
    }
    return rest._replace(left=left, payable=rest.payable - payable)


@settings(max_examples=100, deadline=None)
@given(shares, st.integers(-2, 2), st.lists(st.floats(0.001, 1), max_size=12))
def test_any_amounts_leave_nothing_below_zero_and_the_last_takes_the_rest(
    invoiced: dict[Rate, Share], rounding: int, parts: list[float]
) -> None:
    total = sum(share.base + share.tax for share in invoiced.values())
    rest = Remainder(invoiced, dict(invoiced), {}, total + rounding)
    for part in parts:
        amount = min(max(int(rest.total * part), 1), rest.total - 1, rest.payable - 1)
        if amount <= 0:
            break
        credited = split(rest, amount)
        assert sum(share.base + share.tax for share in credited.values()) == amount
        rest = less(rest, credited, amount)
        assert all(share.base >= 0 and share.tax >= 0 for share in rest.left.values())
    if rest.payable > 0 and rest.total:
        rest = less(rest, split(rest, rest.payable), rest.payable)
        assert set(rest.left.values()) == {Share(0, 0)}


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(RATES), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_lines_in_any_order_take_what_is_left_of_the_tax(rate: Rate, bases: list[int]) -> None:
    invoiced = Share(sum(bases), tax_on(rate, sum(bases), inclusive=False))
    left = invoiced
    for base in bases:
        tax = tax_left_after(invoiced, left, base)
        left = Share(left.base - base, left.tax - tax)
        assert left.base >= 0 and left.tax >= 0
    assert left.base == 0 and (left.tax == 0 or invoiced.base == 0)


def sums(world: DocumentsWorld) -> dict[Rate, Share]:
    rows = world.session.execute(text("""
        select t.tax_category, t.tax_rate, sum(t.base)::bigint, sum(t.tax)::bigint from document_taxes t
          join documents d on d.isp_id = t.isp_id and d.id = t.document_id
         where d.isp_id = :isp and d.kind = 'credit_note' group by 1, 2"""), {"isp": world.isp.id})  # fmt: skip
    return {Rate(category, percent): Share(base, tax) for category, percent, base, tax in rows}


@pytest.mark.parametrize("seed", range(2))
def test_an_invoice_credited_piece_by_piece_comes_to_nothing(session: Session, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # a draw that comes again
    world = DocumentsWorld(session, tax_inclusive=seed == 1)
    for _ in range(4):
        world.charge_at(chance.randint(1, 2000), chance.choice(["19", "7"]), inclusive=seed == 1)
    (invoice,) = world.issue()
    owed = -world.credit
    assert owed == invoice.total + invoice.rounding
    while (left := credit_notes.remainder(session, invoice)).payable:
        amount = chance.randint(1, max(left.total // 3, 1))
        world.credit_amount(invoice, left.payable if amount >= left.total - 60 else amount)
    invoiced = {Rate(*rate): Share(*share) for rate, share in world.taxes(invoice).items()}
    assert sums(world) == {rate: share for rate, share in invoiced.items() if share != Share(0, 0)}
    assert world.credit == 0
    assert world.verify() == []


def test_lines_are_credited_one_by_one_with_what_was_rounded(world: DocumentsWorld) -> None:
    for _ in range(3):
        world.charge(103)
    (invoice,) = world.issue()
    notes = [world.credit_lines(invoice, number) for number in (2, 1, 3)]
    assert [(note.net, note.tax) for note in notes] == [(103, 20), (103, 19), (103, 20)]
    assert sum(note.total + note.rounding for note in notes) == invoice.total + invoice.rounding == 369
    assert world.credit == 0 and world.balance("tax:S:19000") == 0 and world.balance("rounding") == 0
    with pytest.raises(Refused):
        world.credit_lines(invoice, 1)
    assert world.verify() == []


def test_what_more_than_the_rest_would_be_needed_for_goes_on_waiting(world: DocumentsWorld) -> None:
    """An amount was credited, and then the charge is taken back as a whole."""
    charge = world.charge(1000)
    (invoice,) = world.issue()
    world.credit_amount(invoice, 100)
    charges.reverse(world.session, world.isp, charge, "mistake", world.now)
    assert world.issue() == []
    assert world.verify() == []


def test_a_credit_note_by_multiplication_is_seen(world: DocumentsWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        world.charge(103)
    (invoice,) = world.issue()
    monkeypatch.setattr(
        credit_notes, "tax_left_after", lambda _invoiced, _left, base: tax_on(RATES[0], base, inclusive=False)
    )
    for number in (1, 2, 3):
        world.credit_lines(invoice, number)
    assert "credit_notes" in world.verify()
