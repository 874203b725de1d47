"""Verdict → attributes of the answer: the one place where an answer is put together."""

from __future__ import annotations

from collections.abc import Iterable

from radius_module.packets.wire_line import GIGAWORD
from radius_module.replies.attribute import (
    MOST_ROWS,
    ROWS_OCTETS,
    Pair,
    UnencodableAttribute,
    encode,
    number,
    octets_of,
    plain,
    text,
)
from radius_module.rules.facts import Attribute, Deny, Grant
from radius_module.rules.service import INTERIM_INTERVAL

#: Where the plan, a customer's own row and the rules all set a limit, the least one holds.
_LIMITS = frozenset(("Session-Timeout", "Idle-Timeout"))
_INTERIM: Pair = ("Acct-Interim-Interval", ":=", str(INTERIM_INTERVAL))
#: Octets of Proxy-State for which there is always room: what one proxy or two put in.
USUAL_PROXY_STATES = 256
#: Octets for attributes: of the longest packet (RFC 2865 section 3) without its head and Message-Authenticator, and
#: without what FreeRADIUS adds after MS-CHAP, the proof and the keys.
ROOM = 4096 - 20 - 18 - 200 - USUAL_PROXY_STATES
#: The allowance in two halves of 32 bits.
TOTAL = ("Mikrotik-Total-Limit", "Mikrotik-Total-Limit-Gigawords")

_DELAY = "FreeRADIUS-Response-Delay"

NOT_SET_UP = Deny("bad_reply_attribute", "The service is not set up correctly. Please tell your provider.")


def room_beside(proxy_states: bytes) -> int:
    """Octets for attributes in the answer to a request that came with these, which go back whole."""
    return ROOM - max(0, len(proxy_states) - USUAL_PROXY_STATES)


def accept(grant: Grant, klass: bytes, room: int = ROOM) -> tuple[Pair, ...]:
    """Attributes of an Access-Accept. Raises UnencodableAttribute: the login is then refused, and the error logged.

    `klass` is our Class; the allowance travels in two 32-bit halves, as RouterOS reads it. FreeRADIUS cuts what does
    not fit into a packet, without a word.
    """
    rate, allowance, session_timeout, idle_timeout, address, pool, extra = grant
    # Numbers first, texts last: FreeRADIUS copies the whole list for each attribute it adds, and numbers cost less.
    pairs: list[Pair] = [("Session-Timeout", ":=", number("Session-Timeout", session_timeout)), _INTERIM]
    if idle_timeout is not None:
        pairs.append(("Idle-Timeout", ":=", number("Idle-Timeout", idle_timeout)))
    if allowance is not None:
        pairs += total_limit(allowance)
    if address is not None:
        pairs.append(("Framed-IP-Address", ":=", address))
    elif pool is not None:
        pairs.append(("Framed-Pool", ":=", text(pool)))
    if rate is not None:
        pairs.append(("Mikrotik-Rate-Limit", ":=", rate))
    pairs.append(("Class", ":=", "0x" + klass.hex()))
    return tuple(_with_extra(pairs, extra, room) if extra or room < ROOM else pairs)


def problem_in(rows: Iterable[Attribute]) -> UnencodableAttribute | None:
    """What keeps operators' rows from being sent, whatever else a login gets."""
    try:
        _with_extra((), rows, 2 * ROWS_OCTETS)
    except UnencodableAttribute as error:
        return error
    return None


def interval_of(grant: Grant) -> int:
    """Acct-Interim-Interval that goes with it, seconds: operators' rows may set it."""
    interval = INTERIM_INTERVAL
    for row in grant.extra:
        if row.name.lower() == _INTERIM[0].lower() and row.op == ":=" and row.value.isdecimal():
            interval = min(int(row.value), 65_535)
    return interval


def total_limit(octets: int) -> tuple[Pair, Pair]:
    """The remaining allowance. RouterOS takes 0 in both for no limit, so 0 cannot be sent."""
    if octets <= 0:
        raise UnencodableAttribute(TOTAL[0], "nothing is left of the allowance")
    high, low = divmod(octets, GIGAWORD)
    return (TOTAL[0], ":=", str(low)), (TOTAL[1], ":=", number(TOTAL[1], high))


def refuse(refusal: Deny, delay: int) -> tuple[Pair, ...]:
    """Attributes of an Access-Reject that is to leave after `delay` seconds.

    FreeRADIUS does not look at the delay (`reject_delay = 0`); radius_module/login and the API do.
    """
    return (("Reply-Message", ":=", text(refusal.message)), (_DELAY, ":=", str(delay)))


def refuse_eap(head: bytes) -> tuple[Pair, ...]:
    """Attributes of an Access-Reject to the EAP packet with this code and identifier: an EAP-Failure.

    Without it the device's state machine hangs, and beside it no Reply-Message may stand (RFC 3579 sections 2.6.3,
    2.6.5).
    """
    return (("EAP-Message", ":=", f"0x04{head[1]:02x}0004"),)


def delay_of(pairs: tuple[Pair, ...]) -> int:
    """Seconds after which an answer leaves."""
    return next((int(value) for name, _op, value in pairs if name == _DELAY), 0)


def message_of(pairs: tuple[Pair, ...]) -> str:
    """The sentence of a refusal."""
    return str(shown(pairs)["Reply-Message"])


def shown(pairs: tuple[Pair, ...]) -> dict[str, str | list[str]]:
    """The attributes for people and for JSON: name → value, or values."""
    values: dict[str, str | list[str]] = {}
    for name, _op, value in pairs:
        sent = plain(value)
        before = values.get(name)
        values[name] = sent if before is None else [*(before if isinstance(before, list) else [before]), sent]
    return values


def _with_extra(pairs: Iterable[Pair], extra: Iterable[Attribute], room: int) -> list[Pair]:
    """The operators' own rows on top: first the plan's, then the customer's. The first that does not fit ends it."""
    by_name: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_name.setdefault(pair[0], []).append(pair)
        room -= octets_of(pair)
    for count, row in enumerate(extra, 1):
        name, op, value = encode(row.name, row.op, row.value)
        if count > 2 * MOST_ROWS:
            raise UnencodableAttribute(name, f"there are more than {2 * MOST_ROWS} rows")
        present = by_name.setdefault(name, [])
        if name in _LIMITS:
            op, value = ":=", _least(value, *(pair[2] for pair in present))
        if op == "=" and present:
            continue
        if op == ":=":
            room += sum(map(octets_of, present))
            present.clear()
        present.append((name, "+=" if op == "+=" else ":=", value))
        room -= octets_of(present[-1])
        if room < 0:
            raise UnencodableAttribute(name, f"the answer would be {-room} octets too long")
    return [pair for values in by_name.values() for pair in values]


def _least(*limits: str) -> str:
    """The least of limits of which 0 means none."""
    return str(min((int(limit) for limit in limits if int(limit)), default=0))
