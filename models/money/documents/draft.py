"""A document before it is issued: lines, and the tax of each rate, rounded once. A draft never has a number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from math import gcd
from typing import Any, NamedTuple

from models.money.amounts import RATE_WHOLE, half_up


class Rate(NamedTuple):
    """A tax category (UNCL5305) and its percent."""

    category: str
    percent: Decimal

    @property
    def thousandths(self) -> int:
        return int(self.percent * 1000)


class DraftLine(NamedTuple):
    """`net` = `quantity` x `unit_price` / `price_quantity`; `days`: the first and the last, both included."""

    description: str
    quantity: int
    unit_price: int
    price_quantity: int
    net: int
    rate: Rate
    days: tuple[date, date] | None = None
    charge_id: int | None = None


class DraftTax(NamedTuple):
    """Of one rate."""

    rate: Rate
    base: int
    tax: int
    exemption_reason: str = ""


@dataclass
class Draft:
    """`charged` is what the ledger has moved for it, `charged_taxes` its tax by rate: what differs is rounding."""

    kind: str
    customer_id: int | None
    lines: list[DraftLine]
    taxes: list[DraftTax]
    charged: int
    charged_taxes: dict[Rate, int] = field(default_factory=dict)
    inclusive: bool = False
    due_on: date | None = None
    prepaid: int = 0
    note: str | None = None
    corrects: int | None = None
    payment_id: int | None = None
    seller: dict[str, Any] = field(default_factory=dict)
    buyer: dict[str, Any] = field(default_factory=dict)

    @property
    def net(self) -> int:
        return sum(line.net for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(tax.tax for tax in self.taxes)

    @property
    def rounding(self) -> int:
        """What the charges sum to, less net and tax."""
        return self.charged - self.net - self.tax

    @property
    def supply(self) -> tuple[date, date] | None:
        """The first and the last day of what was supplied."""
        days = [line.days for line in self.lines if line.days is not None]
        return (min(first for first, _ in days), max(last for _, last in days)) if days else None


class Priced(NamedTuple):
    """What a line is composed of: `net` + `tax` as they were charged, quantity and price as they were priced."""

    description: str
    quantity: int
    unit_price: int
    net: int
    tax: int
    rate: Rate
    days: tuple[date, date] | None = None
    charge_id: int | None = None


def tax_on(rate: Rate, amount: int, *, inclusive: bool) -> int:
    """Of what a document's lines of a rate sum to; of prices that hold it, what is contained."""
    whole = RATE_WHOLE + rate.thousandths if inclusive else RATE_WHOLE
    return half_up(amount * rate.thousandths, whole)


def compose(priced: Sequence[Priced], *, inclusive: bool) -> tuple[list[DraftLine], list[DraftTax]]:
    """Lines and taxes: of each rate the tax is rounded once. Prices that hold tax keep their gross.

    What is gross is shared out by differences of running sums, so that the nets of the lines sum to the tax's base.
    """
    running: dict[Rate, int] = {}
    lines = []
    for item in priced:
        before = running.get(item.rate, 0)
        after = before + (item.net + item.tax if inclusive else item.net)
        running[item.rate] = after
        contained = tax_on(item.rate, after, inclusive=True) - tax_on(item.rate, before, inclusive=True)
        lines.append(_line(item, after - before - contained if inclusive else item.net))
    taxes = []
    for rate, amount in sorted(running.items()):
        tax = tax_on(rate, amount, inclusive=inclusive)
        taxes.append(DraftTax(rate, amount - tax if inclusive else amount, tax))
    return lines, taxes


def charged_taxes(priced: Iterable[Priced]) -> dict[Rate, int]:
    """By rate, as the ledger has them."""
    sums: dict[Rate, int] = {}
    for item in priced:
        sums[item.rate] = sums.get(item.rate, 0) + item.tax
    return sums


def _line(item: Priced, net: int) -> DraftLine:
    """Quantity and price where they make the net; otherwise a price for all of them. A price is never below zero."""
    quantity, price, per = item.quantity, item.unit_price, 1
    if price < 0:
        quantity, price = -quantity, -price
    if quantity * price != net:
        size = abs(quantity)
        common = gcd(size, abs(net)) or 1
        quantity = size if net >= 0 else -size
        price, per = abs(net) // common, size // common
    return DraftLine(item.description, quantity, price, per, net, item.rate, item.days, item.charge_id)
