"""Amounts as sent and as shown, decimal text in the currency of the tenant that is worked in; and who pays."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Literal

from flask import g
from pydantic import AfterValidator, BeforeValidator, Field

from admin_api.web.database import tenant, tenant_id
from admin_api.web.types import Body, Line
from models.money import amounts
from models.money.purchases.sale import Pay

#: Digits and a point: what other readers of numbers also take (`1_000`, ` 5 `, `٣`, `1e3`) is refused.
_PLAIN = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?", re.ASCII)


def _plain(value: object) -> object:
    if isinstance(value, str) and not _PLAIN.fullmatch(value):
        raise ValueError("must be an amount such as 12.50")
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("must be an amount such as 12.50")
    return value


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError("must be an amount such as 12.50")
    return value


#: Of either sign; how many decimals it may have, the currency says (`minor_of`).
SignedAmount = Annotated[Decimal, BeforeValidator(_plain), AfterValidator(_finite)]
Amount = Annotated[SignedAmount, Field(ge=0)]
PositiveAmount = Annotated[SignedAmount, Field(gt=0)]


class PayIn(Body):
    """Who pays: `given` (with its reason), `on_account`, or `cash`; absent, as is usual with the tenant."""

    pay: Literal["given", "on_account", "cash"] | None = None
    reason: Line | None = None
    reference: Line | None = None

    def terms(self, require: Callable[[str], None]) -> Pay:
        """How it is paid; cash wants the right to take it, which `require` looks at."""
        if self.pay == "cash":
            require("payments")
        return Pay(self.pay, self.reason, self.reference)


def currency() -> str:
    """Of the tenant that the request works in; looked up once."""
    if g.get("currency_of") != tenant_id():
        g.currency_of, g.currency = tenant_id(), tenant().currency
    code: str = g.currency
    return code


def minor_of(value: Decimal, field: str = "amount") -> int:
    """Minor units; a 422 where the value has more decimals than the tenant's currency."""
    return amounts.minor(value, currency(), field)


def shown_amount(minor: int) -> str:
    """`12.50`"""
    return amounts.decimal_text(minor, currency())
