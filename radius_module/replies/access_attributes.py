"""Verdict → attributes of the answer: the one place where an answer is put together."""

from __future__ import annotations

from radius_module.packets.wire_line import GIGAWORD
from radius_module.replies.attribute import Pair, UnencodableAttribute, encode, number, text
from radius_module.rules.facts import Attribute, Deny, Grant
from radius_module.rules.service import INTERIM_INTERVAL

#: Where the plan, a customer's own row and the rules all set a limit, the least one holds.
_LIMITS = frozenset(("Session-Timeout", "Idle-Timeout"))
_INTERIM: Pair = ("Acct-Interim-Interval", ":=", str(INTERIM_INTERVAL))
#: The allowance in two halves of 32 bits.
TOTAL = ("Mikrotik-Total-Limit", "Mikrotik-Total-Limit-Gigawords")

_DELAY = "FreeRADIUS-Response-Delay"

NOT_SET_UP = Deny("bad_reply_attribute", "The service is not set up correctly. Please tell your provider.")


def accept(grant: Grant, klass: bytes) -> tuple[Pair, ...]:
    """Attributes of an Access-Accept. Raises UnencodableAttribute: the login is then refused, and the error logged.

    `klass` is our Class; the allowance travels in two 32-bit halves, as RouterOS reads it.
    """
    rate, allowance, session_timeout, idle_timeout, address, pool, _replaces, extra = grant
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
    return tuple(_with_extra(pairs, extra) if extra else pairs)


def total_limit(octets: int) -> tuple[Pair, Pair]:
    """The remaining allowance. RouterOS takes 0 in both for no limit, so 0 cannot be sent."""
    if octets <= 0:
        raise UnencodableAttribute("Mikrotik-Total-Limit: nothing is left of the allowance")
    high, low = divmod(octets, GIGAWORD)
    return (TOTAL[0], ":=", str(low)), (TOTAL[1], ":=", number(TOTAL[1], high))


def refuse(refusal: Deny, delay: int) -> tuple[Pair, ...]:
    """Attributes of an Access-Reject that is to leave after `delay` seconds.

    FreeRADIUS does not look at the delay (`reject_delay = 0`); radius_module/login and the API do.
    """
    return (("Reply-Message", ":=", text(refusal.message)), (_DELAY, ":=", str(delay)))


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
        plain = value.replace('\\"', '"').replace("\\\\", "\\")
        before = values.get(name)
        values[name] = plain if before is None else [*(before if isinstance(before, list) else [before]), plain]
    return values


def _with_extra(pairs: list[Pair], extra: tuple[Attribute, ...]) -> list[Pair]:
    """The operators' own rows on top: first the plan's, then the customer's."""
    for row in extra:
        name, op, value = encode(row.name, row.op, row.value)
        present = [pair for pair in pairs if pair[0] == name]
        if name in TOTAL:
            raise UnencodableAttribute(f"{name}: follows from the plan's data limit and the top-ups")
        if name in _LIMITS:
            op, value = ":=", _least(value, *(pair[2] for pair in present))
        if op == "+=":
            pairs.append((name, "+=", value))
        elif not present or op == ":=":
            pairs = [pair for pair in pairs if pair[0] != name]
            pairs.append((name, ":=", value))
    return pairs


def _least(*limits: str) -> str:
    """The least of limits of which 0 means none."""
    return str(min((int(limit) for limit in limits if int(limit)), default=0))
