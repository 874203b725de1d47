"""What a MikroTik router puts into its requests, for PPPoE and for HotSpot.

From the RouterOS manual's list of RADIUS attributes and captures of version 7: the router's local time in
Event-Timestamp, client MAC in Calling-Station-Id, the service's name in Called-Station-Id.
"""

from dataclasses import dataclass
from typing import Literal

from tests.radius_client.attributes import (
    MIKROTIK,
    AcctStatus,
    Attribute,
    Mikrotik,
    Name,
    address,
    integer,
    text,
    vendor,
)

_FRAMED_USER, _LOGIN_USER, _PPP = 2, 1, 1
_ETHERNET, _WIRELESS = 15, 19
_RADIUS = 1


@dataclass(frozen=True)
class Visit:
    """One customer on one router: everything that stays the same from login to Stop."""

    user_name: str | bytes
    session_id: str
    mac: str = "02:00:00:00:00:01"
    service: Literal["pppoe", "hotspot"] = "pppoe"
    nas_address: str = "127.0.0.1"
    nas_name: str = "MikroTik"
    nas_port: int = 15728640
    called: str = "service1"
    framed_address: str = "10.0.0.2"


@dataclass(frozen=True)
class Growth:
    """Cumulative counters of a session; octets are 64-bit, input is what the client sent (upload)."""

    seconds: int = 0
    octets_in: int = 0
    octets_out: int = 0
    packets_in: int = 0
    packets_out: int = 0


def access_attributes(visit: Visit) -> list[Attribute]:
    """Attributes of an Access-Request, without the proof of the password."""
    attributes = [*_common(visit), text(Name.ACCT_SESSION_ID, visit.session_id)]
    if visit.service == "hotspot":
        attributes += [
            address(Name.FRAMED_IP_ADDRESS, visit.framed_address),
            vendor(MIKROTIK, address(Mikrotik.HOST_IP, visit.framed_address)),
        ]
    return attributes


def accounting_attributes(
    visit: Visit,
    status: AcctStatus,
    growth: Growth | None = None,
    *,
    timestamp: int | None = None,
    delay: int = 0,
    session_class: bytes | None = None,
    cause: int = 1,
) -> list[Attribute]:
    """Attributes of a Start, Interim-Update or Stop; `cause` (1: user request) goes into a Stop only."""
    attributes = [
        integer(Name.ACCT_STATUS_TYPE, status),
        *_common(visit),
        text(Name.ACCT_SESSION_ID, visit.session_id),
        address(Name.FRAMED_IP_ADDRESS, visit.framed_address),
        integer(Name.ACCT_AUTHENTIC, _RADIUS),
    ]
    if timestamp is not None:
        attributes.append(integer(Name.EVENT_TIMESTAMP, timestamp))
    if session_class is not None:
        attributes.append((Name.CLASS.value, session_class))
    if growth is not None:
        attributes += _counters(growth)
    if status is AcctStatus.STOP:
        attributes.append(integer(Name.ACCT_TERMINATE_CAUSE, cause))
    return [*attributes, integer(Name.ACCT_DELAY_TIME, delay)]


def reboot_attributes(status: AcctStatus, *, nas_address: str = "127.0.0.1") -> list[Attribute]:
    """Attributes of Accounting-On and Accounting-Off."""
    return [
        integer(Name.ACCT_STATUS_TYPE, status),
        text(Name.NAS_IDENTIFIER, "MikroTik"),
        address(Name.NAS_IP_ADDRESS, nas_address),
        integer(Name.ACCT_DELAY_TIME, 0),
    ]


def _common(visit: Visit) -> list[Attribute]:
    pppoe = visit.service == "pppoe"
    framing = [integer(Name.FRAMED_PROTOCOL, _PPP)] if pppoe else []
    return [
        integer(Name.SERVICE_TYPE, _FRAMED_USER if pppoe else _LOGIN_USER),
        *framing,
        integer(Name.NAS_PORT, visit.nas_port),
        integer(Name.NAS_PORT_TYPE, _ETHERNET if pppoe else _WIRELESS),
        text(Name.USER_NAME, visit.user_name),
        text(Name.CALLING_STATION_ID, visit.mac),
        text(Name.CALLED_STATION_ID, visit.called),
        text(Name.NAS_PORT_ID, "bridge1"),
        text(Name.NAS_IDENTIFIER, visit.nas_name),
        address(Name.NAS_IP_ADDRESS, visit.nas_address),
    ]


def _counters(growth: Growth) -> list[Attribute]:
    return [
        integer(Name.ACCT_SESSION_TIME, growth.seconds),
        integer(Name.ACCT_INPUT_OCTETS, growth.octets_in & 0xFFFFFFFF),
        integer(Name.ACCT_INPUT_GIGAWORDS, growth.octets_in >> 32),
        integer(Name.ACCT_INPUT_PACKETS, growth.packets_in),
        integer(Name.ACCT_OUTPUT_OCTETS, growth.octets_out & 0xFFFFFFFF),
        integer(Name.ACCT_OUTPUT_GIGAWORDS, growth.octets_out >> 32),
        integer(Name.ACCT_OUTPUT_PACKETS, growth.packets_out),
    ]
