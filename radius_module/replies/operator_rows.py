"""What rows of operators may set: which names, in what form, and which of them more than once."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network

_BY_SERVER = "set by the server, not by a row"
_BY_ALLOWANCE = "follows from the plan's data limit and the top-ups, not from a row"
_IDENTIFIES = "says who or what a session is, and is not for a row to set"

#: Name in lower case → why a row that sets it is refused.
RESERVED = {
    name.lower(): reason
    for reason, names in {
        _BY_SERVER: (
            "Class", "State", "Message-Authenticator", "Proxy-State", "Reply-Message", "EAP-Message", "User-Password",
            "CHAP-Password", "CHAP-Challenge", "MS-CHAP2-Success", "MS-CHAP-Error", "MS-CHAP-MPPE-Keys",
            "MS-MPPE-Send-Key", "MS-MPPE-Recv-Key", "Error-Cause",
        ),
        _BY_ALLOWANCE: ("Mikrotik-Total-Limit", "Mikrotik-Total-Limit-Gigawords"),
        _IDENTIFIES: (
            "User-Name", "Chargeable-User-Identity", "NAS-IP-Address", "NAS-IPv6-Address", "NAS-Identifier", "NAS-Port",
            "NAS-Port-Id", "NAS-Port-Type", "Called-Station-Id", "Calling-Station-Id", "Operator-Name",
            "Acct-Session-Id", "Acct-Multi-Session-Id", "Acct-Status-Type", "Acct-Delay-Time", "Acct-Input-Octets",
            "Acct-Output-Octets", "Acct-Input-Gigawords", "Acct-Output-Gigawords", "Acct-Input-Packets",
            "Acct-Output-Packets", "Acct-Session-Time", "Acct-Terminate-Cause", "Acct-Link-Count", "Acct-Authentic",
        ),
    }.items()
    for name in names
}  # fmt: skip

#: "0+" in the tables of RFC 2865, 3162, 4675, 4818, 4849 and 6911, and vendors' lists: a second row adds a value.
_REPEATABLE = frozenset(
    name.lower()
    for name in (
        "Framed-Route", "Filter-Id", "Framed-AppleTalk-Network", "Login-IPv6-Host", "Framed-IPv6-Prefix",
        "Framed-IPv6-Route", "Framed-IPv6-Address", "Delegated-IPv6-Prefix", "DNS-Server-IPv6-Address",
        "Route-IPv6-Information", "Egress-VLANID", "Egress-VLAN-Name", "NAS-Filter-Rule", "Mikrotik-Address-List",
        "Mikrotik-Advertise-URL", "Cisco-AVPair", "Ascend-Data-Filter",
    )
)  # fmt: skip

#: Numbers that are no use outside of a range, though they would fit the attribute.
_RANGES = {"acct-interim-interval": (60, 3600)}

_RATE = r"\d{1,12}[kKmMgG]?"
_RATES = rf"{_RATE}(/{_RATE})?"
_RATE_LIMIT = re.compile(
    rf"{_RATES}( {_RATES}( {_RATES}( \d{{1,6}}s?(/\d{{1,6}}s?)?( [1-8](/[1-8])?( {_RATES})?)?)?)?)?", re.ASCII
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_URL = re.compile(r"https?://[!-~]+", re.ASCII)


def may_repeat(name: str) -> bool:
    """May an answer hold the attribute more than once?"""
    return name.lower() in _REPEATABLE


def default_op(name: str) -> str:
    """The operator of a row that names none: a value more where there may be several, in place of it elsewhere."""
    return "+=" if may_repeat(name) else ":="


def problem_of(name: str, value: str) -> str | None:
    """What is wrong with the form of a value that fits the attribute's type; None: nothing."""
    key = name.lower()
    if key in _RANGES:
        least, most = _RANGES[key]
        return None if least <= int(value) <= most else f"must be {least} to {most} seconds"
    form = _FORMS.get(key)
    return None if form is None or form[0](value) else form[1]


def _is_route(value: str) -> bool:
    """RFC 2865 section 5.22, RFC 3162 section 2.5: a network, a gateway, metrics."""
    network, *rest = value.split(" ")
    try:
        version = ip_network(network, strict=False).version
        return all(ip_address(gateway).version == version for gateway in rest[:1]) and all(map(_is_metric, rest[1:]))
    except ValueError:
        return False


def _is_route_of(version: int) -> Callable[[str], bool]:
    return lambda value: (":" in value) == (version == 6) and _is_route(value)


def _is_metric(word: str) -> bool:
    return word.isascii() and word.isdigit()


_FORMS: dict[str, tuple[Callable[[str], object], str]] = {
    "mikrotik-rate-limit": (
        _RATE_LIMIT.fullmatch,
        "must be rx[/tx], as the router sees them, such as 2M/10M; then burst rates, thresholds, times, a priority of 1"
        " to 8 and least rates, each only behind all before it",
    ),
    "framed-route": (
        _is_route_of(4), "must be a network, a gateway and metrics, such as 10.9.0.0/24 10.0.0.2 1",
    ),
    "framed-ipv6-route": (
        _is_route_of(6), "must be a network, a gateway and metrics, such as 2001:db8:9::/48 2001:db8::2 1",
    ),
    "wispr-session-terminate-time": (_MOMENT.fullmatch, "must be a time such as 2027-01-31T23:59:00+03:00"),
    "wispr-redirection-url": (_URL.fullmatch, "must be an address such as https://example.com/welcome"),
    "mikrotik-advertise-url": (_URL.fullmatch, "must be an address such as https://example.com/welcome"),
}  # fmt: skip
