"""Documents of every kind that add up, for tests to be made into files."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from models.money.amounts import half_up
from models.money.paper.paper import Corrected, Paper, PaperLine, Party, TaxGroup

SELLER = Party(
    "Nairobi Wireless Ltd", "12 Moi Avenue\nFloor 3", "Nairobi", "00100", "KE", "KE12345678", "P051234567X",
    "billing@example.com", "+254 700 000000",
)  # fmt: skip
BUYER = Party("Achieng Otieno", "Plot 7, Kisumu Road", "Kisumu", "40100", "KE", number="1001")
#: The same as everybody's, and the one for deductions and parts of a price that have no minor units.
HOME = PaperLine(1, "Home 10 Mbit/s", 1, 250000, 1, 250000, "S", Decimal(16), (date(2026, 11, 1), date(2026, 11, 30)))
TOP_UP = PaperLine(2, "Top-up 5 GB\nends with the period", 2, 15000, 1, 30000, "S", Decimal(16))
USED = PaperLine(3, "Home 10 Mbit/s, days not used", -1, 250000, 30, -8333, "S", Decimal(16))

INVOICE = Paper(
    "invoice", "INV-2026-00001", date(2026, 11, 28), SELLER, BUYER, "KES", 2, (HOME, TOP_UP),
    (TaxGroup("S", Decimal(16), 280000, 44800),), 280000, 44800, 324800, 0, 0, 324800, due_on=date(2026, 12, 12),
    supply=(date(2026, 11, 1), date(2026, 11, 30)), payment_reference="10010", tax_name="VAT",
)  # fmt: skip
CREDIT_NOTE = replace(
    INVOICE, kind="credit_note", number="CN-2026-00001", due_on=None, note="Cancelled on request",
    corrects=Corrected("INV-2026-00001", date(2026, 11, 28)),
)  # fmt: skip

_RATED = (("S", 16), ("S", "7.7"), ("S", 20), ("Z", 0), ("E", 0), ("AE", 0), ("K", 0), ("G", 0), ("L", 7), ("M", 4))
_NO_TAX = (("Z", 0), ("E", 0), ("AE", 0), ("K", 0), ("G", 0))
_DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
_LETTERS = st.characters(
    codec="utf-8", categories=("Lu", "Ll", "Lo", "Nd", "Pd", "Po", "Sc"), exclude_characters="\ufffe\uffff"
)
#: Something stands in it, and nothing at its ends that the standard would not see.
_NAMES = st.text(_LETTERS, min_size=1, max_size=60)


_COUNTRIES = st.sampled_from(["", "KE", "DE", "FR", "SA", "UG"])


def _rates(*, has_tax: bool) -> st.SearchStrategy[list[tuple[str, object]]]:
    """Category O stands alone (BR-O-11)."""
    mixed = st.lists(st.sampled_from(_RATED if has_tax else _NO_TAX), min_size=1, max_size=3, unique=True)
    return st.just([("O", 0)]) | mixed | mixed


@st.composite
def papers(draw: st.DrawFn) -> Paper:
    """Invoices and credit notes with one to eight lines, in currencies of 0, 2 and 3 digits."""
    currency, digits, step = draw(st.sampled_from([("EUR", 2, 1), ("KES", 2, 1), ("UGX", 0, 1), ("KWD", 3, 10)]))
    lines = draw(_lines(draw(_rates(has_tax=step == 1)), step))
    is_inclusive = draw(st.booleans())
    taxes = _taxes(lines, is_inclusive)
    net, tax = sum(line.net for line in lines), sum(group.tax for group in taxes)
    rounding, prepaid = step * draw(st.integers(-2, 2)), step * draw(st.sampled_from([0, 0, 1, 12345]))
    due_on = draw(st.none() | _DAYS)
    name, street, number = draw(_NAMES), draw(_NAMES) + "\n" + draw(_NAMES), draw(st.sampled_from(["", "1001"]))
    buyer = Party(name, street, draw(_NAMES), "1010", draw(_COUNTRIES), "DE123456789", number=number)
    kind = draw(st.sampled_from(["invoice", "invoice", "credit_note"]))
    first = draw(_DAYS)
    return Paper(
        kind, f"{draw(st.integers(1, 10**6)):05}", draw(_DAYS), replace(SELLER, name=draw(_NAMES)), buyer,
        currency, digits, lines, taxes, net, tax, net + tax, rounding, prepaid, net + tax + rounding - prepaid,
        is_inclusive, due_on,
        (first, first + timedelta(days=draw(st.integers(0, 62)))), draw(st.sampled_from(["", "10010"])),
        draw(st.sampled_from(["", "DE89370400440532013000"])), tax_name="VAT",
        language=draw(st.sampled_from(["en", "fr", "es", "pt", "sw", "ar"])),
        corrects=Corrected("INV-1", first) if kind == "credit_note" else None,
    )  # fmt: skip


@st.composite
def _lines(draw: st.DrawFn, rates: list[tuple[str, object]], step: int) -> tuple[PaperLine, ...]:
    lines = []
    for number in range(1, draw(st.integers(1, 8)) + 1):
        category, rate = draw(st.sampled_from(rates))
        price, quantity = step * draw(st.integers(0, 10**7)), draw(st.integers(1, 400))
        # Either a price a piece, or one for all of them, which may have no price a piece in whole minor units.
        parts, net = (1, quantity * price) if draw(st.booleans()) else (quantity, price)
        sign = draw(st.sampled_from([1, 1, 1, -1]))
        amounts = (sign * quantity, price, parts, sign * net)
        lines.append(PaperLine(number, draw(_NAMES), *amounts, category, Decimal(str(rate))))
    return tuple(lines)


def _taxes(lines: tuple[PaperLine, ...], is_inclusive: bool) -> tuple[TaxGroup, ...]:
    bases: dict[tuple[str, Decimal], int] = defaultdict(int)
    for line in lines:
        bases[line.category, line.rate] += line.net
    return tuple(
        TaxGroup(category, rate, base, _tax(base, rate, is_inclusive)) for (category, rate), base in bases.items()
    )


def _tax(base: int, rate: Decimal, is_inclusive: bool) -> int:
    """Of prices without or with it."""
    thousandths = int(rate * 1000)
    tax = half_up(base * thousandths, 100_000)
    if is_inclusive:
        near = (tax, tax - 1, tax + 1)
        return next(each for each in near if each == half_up((base + each) * thousandths, 100_000 + thousandths))
    return tax
