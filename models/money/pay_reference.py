"""What a customer writes on a payment: their number with a check digit, so that a slip is noticed and never books.

Damm's digit finds every single wrong digit and every two that change places.
"""

from __future__ import annotations

import re

from stdnum import damm

#: Shorter ones would be hit by other numbers that people write.
_SHORTEST = 6


def pay_reference(customer_id: int) -> str:
    """Digits, at most 20.

    >>> pay_reference(12)
    '0000125'
    """
    number = f"{customer_id:0{_SHORTEST}d}"
    return number + str(damm.calc_check_digit(number))


def customer_of(text: str) -> int | None:
    """The customer whom the reference names; None where it is none. Blanks and hyphens do not count."""
    digits = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(r"[0-9]{7,20}", digits, re.ASCII) or not damm.is_valid(digits):
        return None
    return int(digits[:-1]) or None
