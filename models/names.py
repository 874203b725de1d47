"""Names as people and routers write them, made comparable: MAC addresses in any notation, user names in any case.

The database compares user names by the same rule (`infora_login_name`, migration 0013; docs/decisions/0071).
"""

from __future__ import annotations

import re
from unicodedata import normalize

_SEPARATORS = str.maketrans("", "", ":-.")
_NORMAL = re.compile(r"[0-9A-F]{2}(?::[0-9A-F]{2}){5}")
#: Characters of a MAC address, at least and at most.
_SHORTEST, _LONGEST = 12, 17
_DIGITS = re.compile(r"[0-9]{12}")
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
    if not _SHORTEST <= len(text) <= _LONGEST:
        return None
    if _NORMAL.fullmatch(text):
        return text
    if _MAC.fullmatch(text) is None:
        return None
    digits = text.translate(_SEPARATORS).upper()
    return ":".join((digits[0:2], digits[2:4], digits[4:6], digits[6:8], digits[8:10], digits[10:12]))


def fold(text: str) -> str:
    """Without regard to case: Unicode case folding of NFC."""
    return text.lower() if text.isascii() else normalize("NFC", text).casefold()


def login_name(username: str) -> str:
    """The key of a user name: without regard to case, a MAC address without regard to its notation.

    Twelve decimal digits are a name (a phone number) first, and a MAC address second (`second_name`).
    """
    if not _SHORTEST <= len(username) <= _LONGEST:
        return fold(username)
    if _DIGITS.fullmatch(username):
        return username
    return mac_of(username) or fold(username)


def second_name(username: str) -> str | None:
    """What else a name may mean where nobody has its key: digits a MAC address, and the other way round."""
    mac = mac_of(username)
    if mac is None or not (digits := mac.replace(":", "")).isdigit():
        return None
    return mac if username == digits else digits


def station(text: str) -> str:
    """Calling-Station-Id: a MAC address normalised, anything else as it is."""
    return mac_of(text) or text


def notations(mac: str) -> tuple[str, ...]:
    """A normalised MAC address in the notations that routers send as a password."""
    digits = mac.replace(":", "")
    dotted = f"{digits[:4]}.{digits[4:8]}.{digits[8:]}"
    forms = (mac, mac.replace(":", "-"), digits, dotted, f"{digits[:6]}-{digits[6:]}")
    return forms + tuple(form.lower() for form in forms)
