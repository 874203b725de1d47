"""A generated year of transfers, recomputed by beancount and by hledger: two programs that nobody here wrote."""

from __future__ import annotations

import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from beancount import loader
from sqlalchemy import text
from sqlalchemy.orm import Session

from models.money import ledger
from models.money.books.export import account_name, beancount
from tests.support.money_world import MoneyWorld

#: As payments, fees and their tax would come, on any day of a year.
YEAR = """
insert into transfers (isp_id, from_account, to_account, amount, cause, cause_id, key, effective_on, actor)
select :isp_id, (:sources)[n % 6 + 1], (:targets)[n % 6 + 1], (n * cast(7919 as bigint)) % 100000 + 1, 'generated', n,
       'generated ' || n, date '2026-01-01' + (n * 31 % 365), 'tests'
  from generate_series(:first, :last) n
"""
#: A statement is given up after some seconds, as everywhere.
_PIECE = 5_000


def generate(session: Session, currency: str, count: int) -> MoneyWorld:
    """A tenant with so many transfers between ten customers and its own accounts."""
    world = MoneyWorld(session, currency=currency)
    pick = Random(7)  # noqa: S311  # the same year each time
    customers = [ledger.account(session, world.isp.id, "customer", str(number)) for number in range(1, 11)]
    own = [
        ledger.account(session, world.isp.id, kind, name)
        for kind, name in (("clearing", "bank"), ("drawer", "3"), ("revenue", ""), ("tax", "S:16000"), ("suspense", ""))
    ]
    pairs = [(pick.choice(customers), pick.choice(own)) for _ in range(6)]
    turned = [pair if number % 2 else pair[::-1] for number, pair in enumerate(pairs)]
    sources, targets = zip(*turned, strict=True)
    values = {"isp_id": world.isp.id, "sources": list(sources), "targets": list(targets)}
    for first in range(1, count + 1, _PIECE):
        session.execute(text(YEAR), values | {"first": first, "last": min(first + _PIECE - 1, count)})
    return world


def journal(lines: list[str]) -> str:
    """The same for hledger, which takes an assertion as `= balance` beside an amount of nothing."""
    written = []
    for line in lines:
        day, _, rest = line.partition(" ")
        if line.startswith("option") or rest.startswith("open"):
            continue
        if rest.startswith("balance"):
            _, name, amount, currency = rest.split()
            written += [f"{day} check", f"    {name}  0 {currency} = {amount} {currency}"]
        else:
            written.append(line if not line.startswith("  ") else f"    {line.strip()}")
    return "\n".join(written) + "\n"


def spoilt(lines: list[str], unit: Decimal) -> list[str]:
    """One transfer in the middle, changed by the smallest amount on both of its sides."""
    place = next(number for number, line in enumerate(lines) if " * " in line and number > len(lines) // 2) + 1
    name, amount, currency = lines[place].split()
    other, _, _ = lines[place + 1].split()
    more = Decimal(amount) + unit
    return [*lines[:place], f"  {name}  {more} {currency}", f"  {other}  {-more} {currency}", *lines[place + 2 :]]


def complaints_of_beancount(lines: list[str]) -> int:
    return len(loader.load_string("\n".join(lines) + "\n")[1])


def hledger_agrees(lines: list[str], folder: Path) -> bool:
    file = folder / "books.journal"
    file.write_text(journal(lines), encoding="utf-8")
    done = subprocess.run(["hledger", "-f", str(file), "check"], capture_output=True, text=True, check=False)
    return done.returncode == 0


def both_agree(session: Session, currency: str, unit: Decimal, count: int, folder: Path) -> None:
    world = generate(session, currency, count)
    lines = list(beancount(session.connection(), world.isp.id))
    assert sum(" * " in line for line in lines) == count
    wrong = spoilt(lines, unit)
    assert complaints_of_beancount(lines) == 0
    assert complaints_of_beancount(wrong) >= 1
    if shutil.which("hledger") is None:
        pytest.skip("hledger is not installed (Debian: hledger): beancount alone has recomputed the year")
    assert hledger_agrees(lines, folder)
    assert not hledger_agrees(wrong, folder)


@pytest.mark.parametrize(("currency", "unit"), [("USD", "0.01"), ("KWD", "0.001"), ("UGX", "1")])
def test_a_year_is_recomputed_to_the_last_unit(session: Session, currency: str, unit: str, tmp_path: Path) -> None:
    both_agree(session, currency, Decimal(unit), 3_334, tmp_path)


@pytest.mark.long
def test_a_million_transfers_are_recomputed(session: Session, tmp_path: Path) -> None:
    both_agree(session, "USD", Decimal("0.01"), 1_000_000, tmp_path)


@pytest.mark.parametrize(
    ("kind", "code", "name"),
    [
        ("customer", "customer:12", "Liabilities:Customers:C12"),
        ("tax", "tax:S:16000", "Liabilities:Tax:S-16000"),
        ("clearing", "clearing:bank", "Assets:Clearing:Bank"),
        ("revenue", "revenue", "Income:Revenue"),
        ("write_off", "write_off", "Expenses:WriteOff"),
    ],
)
def test_accounts_are_called_as_an_accountant_expects(kind: str, code: str, name: str) -> None:
    assert account_name(kind, code) == name


def test_the_real_books_are_understood(session: Session) -> None:
    world = MoneyWorld(session, tax_rate=Decimal(16))
    world.subscribe(world.plan(1999), 2)
    world.pay(5000, "cash")
    world.pay(100, customer_id=None)
    assert complaints_of_beancount(list(beancount(session.connection(), world.isp.id))) == 0
