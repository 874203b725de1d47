"""What the packet path hands to the books: records of sessions and results of logins, as plain values.

They travel through the spool (radius_module.spool.codec) and are booked by models.accounting.booking. Octets as the
router sent them stay octets here; only the books turn them into text that a database takes.
"""

from __future__ import annotations

from typing import NamedTuple

START = "Start"
INTERIM = "Interim-Update"
STOP = "Stop"
#: The router says that it (re)starts or stops accounting: whatever it had open is over (RFC 2866 section 5.1).
REBOOTS = ("Accounting-On", "Accounting-Off")

#: Records of any other Acct-Status-Type are acknowledged, and are of no session.
KNOWN_STATUSES = frozenset((START, INTERIM, STOP, *REBOOTS))

#: Of a session beyond those that a customer may have open: kept as evidence, never billed.
TOO_MANY_SESSIONS = "Too-Many-Sessions"
STALE = "Stale-Session"
ROUTER_REBOOT = "Router-Reboot"
TAKEN_OVER = "Session-Taken-Over"
#: Ends that this server inferred. A later sign of life takes them back; a router's own Stop is never taken back.
SERVER_CAUSES = (STALE, ROUTER_REBOOT, TAKEN_OVER)


#: Code of the refusal that counts as a guess (radius_module.guesses).
WRONG_PASSWORD = "bad_password"  # noqa: S105  # a refusal's code


class AccountingRecord(NamedTuple):
    """One accounting packet, validated. Octets are cumulative, 64-bit, in RFC 2866's view: in = upload."""

    status: str
    isp_id: int
    device_id: int
    #: Acct-Session-Id as sent.
    session_id: bytes
    #: Our Class as it came back, or what else the router sent; empty without.
    klass: bytes
    username: bytes
    #: The server's clock, epoch seconds.
    received: float
    #: Acct-Delay-Time, seconds.
    delay: int = 0
    #: Acct-Session-Time, seconds; None where the packet has none.
    session_time: int | None = None
    octets_in: int = 0
    octets_out: int = 0
    #: `AA:BB:CC:DD:EE:FF`, or what else Calling-Station-Id said.
    mac: str = ""
    called: bytes = b""
    nas_address: str = ""
    nas_port_id: bytes = b""
    nas_port_type: str = ""
    framed_address: str = ""
    framed_ipv6_prefix: str = ""
    delegated_ipv6_prefix: str = ""
    cause: str = ""
    #: Event-Timestamp, epoch seconds of the router's clock: evidence only, for most boards have no battery.
    router_time: int | None = None
    #: NAS-IP-Address, or else NAS-Identifier: which of several routers behind one address, or of a network.
    router: str = ""
    framed_ipv6_address: str = ""
    #: Four groups of hex, as in an IPv6 address.
    framed_interface_id: str = ""


class AuthResult(NamedTuple):
    """One answered login; never a password."""

    isp_id: int
    #: Epoch seconds.
    answered: float
    username: bytes
    #: `Access-Accept` or `Access-Reject`.
    reply: str
    #: `accept`, or the refusal's code.
    code: str
    customer_id: int | None = None
    device_id: int | None = None
    nas_address: str = ""
    mac: str = ""
    klass: bytes = b""


class InferredStop(NamedTuple):
    """This server takes a session for over, whatever the router has not said."""

    isp_id: int
    #: `radacct.acctuniqueid`.
    unique_id: str
    #: Epoch seconds. A session that was heard of later is not over.
    at: float
    #: One of SERVER_CAUSES.
    cause: str


Booked = AccountingRecord | AuthResult | InferredStop


def readable(octets: bytes) -> str:
    """Text of octets for a database: UTF-8 where it is; else, and for control characters, `\\xNN` for the octet."""
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text = octets.decode(errors="backslashreplace")
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def _escaped(character: str) -> str:
    return "".join(f"\\x{octet:02x}" for octet in character.encode())
