"""Amounts are whole minor units (cents); here is the one place that rounds, and the way to and from decimal text."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import NamedTuple

from sqlalchemy import ColumnElement, Numeric, SQLColumnExpression, case, cast, func

from models.money.currencies import digits
from models.refusals import Invalid

#: Far beyond any bill, and far from the end of 64 bits even where a tenant's whole ledger is summed.
LARGEST = 10**14
#: A tax rate is kept in thousandths of a percent: 7.7 % is 7700.
RATE_WHOLE = 100_000


class Taxed(NamedTuple):
    """`total` = `net` + `tax`."""

    net: int
    tax: int

    @property
    def total(self) -> int:
        return self.net + self.tax


def half_up(numerator: int, denominator: int) -> int:
    """The quotient as a whole number; a half goes away from zero, so that a reversal is the exact negative.

    >>> half_up(5, 2), half_up(-5, 2), half_up(4, 3)
    (3, -3, 1)
    """
    size = (2 * abs(numerator) + denominator) // (2 * denominator)
    return size if numerator >= 0 else -size


def part(amount: int, since: int, until: int, whole: int) -> int:
    """What falls to the days `since` to `until` (exclusive) of `whole`: neighbouring parts sum exactly.

    Each part is the difference of two rounded running sums, so that nothing is lost or made wherever one cuts.
    """
    return half_up(amount * until, whole) - half_up(amount * since, whole)


def taxed(amount: int, rate: int, *, inclusive: bool) -> Taxed:
    """A price with its tax; `rate` in thousandths of a percent. An inclusive price keeps its gross."""
    if inclusive:
        tax = half_up(amount * rate, RATE_WHOLE + rate)
        return Taxed(amount - tax, tax)
    return Taxed(amount, half_up(amount * rate, RATE_WHOLE))


def total_in_sql(
    price: SQLColumnExpression[int], percent: SQLColumnExpression[Decimal], inclusive: SQLColumnExpression[bool]
) -> ColumnElement[Decimal]:
    """`taxed(…).total` of a price, which is not below zero: PostgreSQL rounds numeric half up, too."""
    exact = cast(price, Numeric)
    return case((inclusive, exact), else_=exact + func.round(exact * percent / 100))


def minor(value: Decimal, currency: str, field: str = "amount") -> int:
    """Minor units of a decimal amount; one with more digits than the currency has is refused, never rounded."""
    with localcontext() as context:
        context.prec = 60
        scaled = value.scaleb(digits(currency))
        if not value.is_finite() or scaled != scaled.to_integral_value():
            raise Invalid(field, f"must have at most {digits(currency)} decimals in {currency}")
    if abs(scaled) > LARGEST:
        raise Invalid(field, "is too large")
    return int(scaled)


def decimal_text(amount: int, currency: str) -> str:
    """`-12.50`: as the API shows it, with all the digits of the currency.

    >>> decimal_text(-5, "USD"), decimal_text(1500, "UGX"), decimal_text(1, "KWD")
    ('-0.05', '1500', '0.001')
    """
    places = digits(currency)
    sign, size = ("-" if amount < 0 else ""), abs(amount)
    if places == 0:
        return f"{sign}{size}"
    whole, rest = divmod(size, 10**places)
    return f"{sign}{whole}.{rest:0{places}d}"
