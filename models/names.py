"""Names as people and routers write them, made comparable: MAC addresses in any notation, user names in any case.

The database compares user names by the same rule (`infora_login_name`, migration 0007).
"""

from __future__ import annotations

import re

_SEPARATORS = str.maketrans("", "", ":-.")
_MAC = re.compile(
    r"[0-9A-F]{12}"
    r"|[0-9A-F]{2}([:-])(?:[0-9A-F]{2}\1){4}[0-9A-F]{2}"
    r"|[0-9A-F]{4}([.:-])[0-9A-F]{4}\2[0-9A-F]{4}"
    r"|[0-9A-F]{6}[-:.][0-9A-F]{6}",
    re.IGNORECASE,
)


def mac_of(text: str) -> str | None:
    """`AA:BB:CC:DD:EE:FF` of a MAC address in any of the usual notations; None for anything else.

    >>> mac_of("aabb.ccdd.eeff")
    'AA:BB:CC:DD:EE:FF'
    """
    if not 12 <= len(text) <= 17 or _MAC.fullmatch(text) is None:
        return None
    digits = text.translate(_SEPARATORS).upper()
    return ":".join((digits[0:2], digits[2:4], digits[4:6], digits[6:8], digits[8:10], digits[10:12]))


def login_name(username: str) -> str:
    """What a user name is looked up by: without regard to case, a MAC address without regard to its notation."""
    return mac_of(username) or username.lower()


def station(text: str) -> str:
    """Calling-Station-Id: a MAC address normalised, anything else as it is."""
    return mac_of(text) or text


def notations(mac: str) -> tuple[str, ...]:
    """A normalised MAC address in the notations that routers send as a password."""
    digits = mac.replace(":", "")
    dotted = f"{digits[:4]}.{digits[4:8]}.{digits[8:]}"
    forms = (mac, mac.replace(":", "-"), digits, dotted, f"{digits[:6]}-{digits[6:]}")
    return forms + tuple(form.lower() for form in forms)
