"""Money is whole numbers: one place rounds, and nothing of the wing counts in floats."""

from __future__ import annotations

import ast
import re
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.money import amounts, currencies
from models.money.amounts import half_up, part, taxed
from models.money.billing_settings import Tax
from models.money.charges import Days, Line, shares_of
from models.refusals import Invalid

HOME = Path(__file__).resolve().parents[3]
WINGS = ("models/money", "admin_api/money")
#: Money outside of them: amounts of the API, tables that hold them, prices, the worker's duties.
ROOMS = (
    "admin_api/web/money.py", "models/tables/charges.py", "models/tables/ledger.py", "models/tables/payments.py",
    "models/tables/subscriptions.py", "models/subscriptions/renewals.py", "models/subscriptions/undo.py",
)  # fmt: skip
#: Pixels, millimetres and colours: no amount of money comes by.
NO_MONEY = HOME / "models/money/paper/logo.py"
PACKAGES = ("models", "admin_api", "radius_module", "service")
#: The one place that rounds.
ROUNDS = "models/money/amounts.py"
FLOATS_IN_SQL = re.compile(r"double precision|float[48]?\b|::\s*real\b|\bas real\b", re.I)


def inexact(tree: ast.Module) -> list[str]:
    """Floats, true division of whole numbers, and rounding of any kind."""
    names = {"float", "round", "quantize", "to_integral_value", "to_integral", "ROUND_HALF_EVEN", "ROUND_HALF_UP"}
    seen = []
    for node in ast.walk(tree):
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if name in names:
            seen.append(name)
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            seen.append(str(node.value))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not _is_exact(node):
            seen.append("/")
    return seen


def _is_exact(division: ast.BinOp) -> bool:
    """Of decimals, or a path and a name in it."""
    name = division.right.value if isinstance(division.right, ast.Constant) else None
    return "Decimal" in ast.dump(division.left) or isinstance(name, str)


def test_nothing_but_one_place_rounds_and_nothing_counts_in_floats() -> None:
    files = [path for wing in WINGS for path in (HOME / wing).rglob("*.py")] + [HOME / room for room in ROOMS]
    assert len(files) > 30
    files.remove(NO_MONEY)
    wrong = {
        str(path.relative_to(HOME)): words
        for path in files
        if (words := inexact(ast.parse(path.read_text(encoding="utf-8"))))
    }
    # Looked at, not rounded: whether an amount has more decimals than its currency. And the same rounding in SQL.
    assert {name: sorted(words) for name, words in wrong.items()} == {ROUNDS: ["/", "round", "to_integral_value"]}


def test_nobody_anywhere_rounds_decimals_in_a_way_of_their_own() -> None:
    """Python's default is half to even, which loses a cent now and then."""
    words = re.compile(r"\bquantize\b|\bROUND_[A-Z_]+\b")
    files = [path for package in PACKAGES for path in (HOME / package).rglob("*.py")]
    assert [str(path) for path in files if words.search(path.read_text(encoding="utf-8"))] == []
    assert words.search("x.quantize(y)") and words.search("ROUND_HALF_EVEN")


def test_no_sql_of_the_books_counts_in_floats() -> None:
    files = [*(HOME / "models/money").rglob("*.sql"), *(HOME / "models/money").rglob("*.py")]
    files.remove(NO_MONEY)
    texts = {str(path.relative_to(HOME)): path.read_text(encoding="utf-8") for path in files}
    assert [name for name, text in texts.items() if FLOATS_IN_SQL.search(text)] == []
    for planted in ("select amount::float8", "cast(amount as double precision)", "amount::real", "x float"):
        assert FLOATS_IN_SQL.search(planted)


@pytest.mark.parametrize(
    "line", ["float(x)", "x = 0.1", "round(x, 2)", "x.quantize(y)", "x / 100", "y = x.to_integral_value()"]
)
def test_a_planted_float_or_rounding_is_seen(line: str) -> None:
    assert inexact(ast.parse(line))
    assert not inexact(ast.parse("x = y // 100 + Decimal(z) / 100"))


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**9))
def test_a_half_goes_away_from_zero(numerator: int, denominator: int) -> None:
    exact = Decimal(numerator) / denominator
    assert half_up(numerator, denominator) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    assert half_up(-numerator, denominator) == -half_up(numerator, denominator)


@given(st.integers(0, 10**9), st.integers(1, 400), st.data())
def test_parts_sum_to_the_whole_wherever_one_cuts(price: int, whole: int, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, whole), max_size=5)))
    edges = [0, *cuts, whole]
    assert sum(part(price, since, until, whole) for since, until in pairwise(edges)) == price


@given(st.integers(0, 10**9), st.integers(1, 400), st.integers(0, 99_999), st.booleans(), st.data())
def test_parts_of_a_taxed_period_sum_to_it_in_net_and_in_tax(
    price: int, whole: int, rate: int, inclusive: bool, data: st.DataObject
) -> None:
    """Whatever was used and whatever was credited: together they are what was charged."""
    tax = Tax("S", Decimal(rate) / 1000, inclusive=inclusive)
    edges = [0, *sorted(data.draw(st.sets(st.integers(1, whole), max_size=5)) - {whole}), whole]
    parts = [shares_of(Line("period", "", price, days=Days(*days, whole)), tax) for days in pairwise(edges)]
    charged = shares_of(Line("period", "", price), tax)
    assert (sum(part.net for part in parts), sum(part.tax for part in parts)) == charged


@given(st.integers(-(10**9), 10**9), st.integers(0, 99_999))
def test_net_and_tax_are_the_price(amount: int, rate: int) -> None:
    assert taxed(amount, rate, inclusive=True).total == amount
    assert taxed(amount, rate, inclusive=False).net == amount
    assert abs(taxed(amount, rate, inclusive=True).tax) <= abs(amount)


@pytest.mark.parametrize(
    ("code", "places"),
    [("USD", 2), ("UGX", 0), ("KWD", 3), ("IQD", 3), ("HUF", 2), ("MGA", 2), ("IDR", 2), ("BGN", 2), ("BYR", 0)],
)
def test_digits_are_those_of_iso_4217(code: str, places: int) -> None:
    assert currencies.digits(code) == places


def test_amounts_are_refused_rather_than_rounded() -> None:
    assert amounts.minor(Decimal("0.125"), "KWD") == 125
    for value, currency in (("0.125", "USD"), ("0.5", "UGX"), ("1e30", "USD"), ("NaN", "USD"), ("Infinity", "USD")):
        with pytest.raises(Invalid):
            amounts.minor(Decimal(value), currency)


@given(st.integers(-(10**12), 10**12), st.sampled_from(["USD", "UGX", "KWD", "CLF"]))
def test_text_and_back(amount: int, currency: str) -> None:
    assert amounts.minor(Decimal(amounts.decimal_text(amount, currency)), currency) == amount
