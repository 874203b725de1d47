"""How many digits a currency has after the point: ISO 4217's list, as the library `iso4217` carries it.

Other libraries follow CLDR, which rounds coins away that exist on paper (HUF, IDR) and changes from release to release.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import NamedTuple

from iso4217 import Currency


class Withdrawn(NamedTuple):
    """A code that ISO 4217 has ended: its books stay readable, and no tenant starts with it after `ended`."""

    digits: int
    ended: date


#: The library forgets a code on the day it ends. From the list of historic codes of ISO 4217, since 2014.
WITHDRAWN = {
    "BGN": Withdrawn(2, date(2025, 12, 31)),
    "ANG": Withdrawn(2, date(2025, 3, 31)),
    "ZWL": Withdrawn(2, date(2024, 8, 31)),
    "SLL": Withdrawn(2, date(2024, 3, 31)),
    "HRK": Withdrawn(2, date(2023, 1, 1)),
    "CUC": Withdrawn(2, date(2021, 6, 30)),
    "VEF": Withdrawn(2, date(2018, 8, 20)),
    "MRO": Withdrawn(2, date(2017, 12, 31)),
    "STD": Withdrawn(2, date(2017, 12, 31)),
    "BYR": Withdrawn(0, date(2016, 12, 31)),
    "LTL": Withdrawn(2, date(2015, 1, 1)),
    "LVL": Withdrawn(2, date(2014, 1, 15)),
}
#: Of a code that ISO 4217 has never had. Such a tenant can be older than this table; prices had two digits then.
_UNKNOWN = 2


@cache
def digits(code: str) -> int:
    """Digits after the point: 2 for USD, 0 for UGX, 3 for KWD."""
    if code in WITHDRAWN:
        return WITHDRAWN[code].digits
    try:
        exponent = Currency(code).exponent
    except ValueError:
        return _UNKNOWN
    return _UNKNOWN if exponent is None else int(exponent)


def may_begin(code: str, today: date) -> bool:
    """A tenant may begin to count in it: a currency of ISO 4217 that has coins and has not ended."""
    if code in WITHDRAWN:
        return today <= WITHDRAWN[code].ended
    try:
        return Currency(code).exponent is not None
    except ValueError:
        return False
