"""A login process without a database, and one directory that two of them ask: the short way of a login and the long."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from ipaddress import IPv4Address
from types import SimpleNamespace
from typing import Any

from models.secrets.keyring import Keyring
from radius_module.directory.contents import Contents, Directory
from radius_module.guesses.counts import GuessCounts
from radius_module.login import login
from radius_module.login.duplicates import Duplicates
from radius_module.login.fast_path import FastPath
from radius_module.login.known import KnownLogins
from radius_module.login.passwords import Passwords
from radius_module.login.reject_delay import RejectDelay
from radius_module.online.table import OnlineTable, StoredSession
from radius_module.packets.access_request import LoginRequest
from radius_module.packets.reply_to import ReplyTo
from radius_module.packets.wire_line import client_name, origin
from radius_module.rlm import HANDLED, REJECT, Answer
from tests.support.facts_made import CUSTOMER, DEVICE, ISP, NOW, PLAN

ADDRESS, GIGAWORD = "192.0.2.1", 1 << 32
OTHER_DEVICE, OTHER_ADDRESS = DEVICE._replace(id=71), "192.0.2.2"
MONTH = 30 * 86_400.0
KEYRING = Keyring.parse("k1:" + b64encode(bytes(range(32))).decode())
#: FreeRADIUS has nothing to send.
SENT = HANDLED
nonces: list[int] = []


class Server:
    """What a login's hook asks, without a database.

    It goes the short way where it may, or only the long one; `direct` sends by itself where it may; with `known` it
    first asks whether the login is like one before.
    """

    def __init__(
        self, directory: Directory, *, short: bool, direct: bool = False, known: KnownLogins | None = None
    ) -> None:
        self.directory, self.online, self.reject_delay = directory, OnlineTable(), RejectDelay()
        self.guesses = GuessCounts()
        self.passwords = Passwords(KEYRING)
        self.fast_path = FastPath(directory, self.online)
        self.duplicates, self.sender = Duplicates(), self
        self.answers: Counter[str] = Counter()
        self.recorded: list[Any] = []
        self.spool = SimpleNamespace(put_later=self.recorded.append)
        self.short_ways = 0
        #: Attributes of the Access-Accepts that were not FreeRADIUS' to send.
        self.sent: list[bytes] = []
        self.sent_again: list[bytes] = []
        #: Those of the Access-Rejects that wait, and how long.
        self.late: list[tuple[bytes, float]] = []
        self.requests = 0
        self._short, self._direct, self._known = short, direct, known
        self.known_ways = 0

    def is_too_stale(self, _isp_id: int, _now: float) -> bool:
        return False

    def device(self, address: str) -> Any:
        return self.directory.device(address)

    def accept(self, _reply_to: ReplyTo, attributes: bytes) -> bytes:
        """In place of `Sender`'s."""
        self.sent.append(attributes)
        return attributes

    def reject(self, _reply_to: ReplyTo, attributes: bytes, delay: float) -> bytes:
        self.late.append((attributes, delay))
        return attributes

    def again(self, _reply_to: ReplyTo, octets: bytes) -> None:
        self.sent_again.append(octets)

    def log_in(self, mac: str, address: str, now: float, *, authentic: bool = True) -> Answer:
        device = self.directory.device(address)
        client = client_name(ISP.id, device.id if device else 999, address)
        self.requests += 1
        identifier = self.requests % 256
        reply_to = ReplyTo(address, 40_000, "192.0.2.254", identifier, bytes(16), b"") if self._direct else None
        proof = "right" if authentic else "wrong"
        line = f"{client} {identifier} 40000 0x{self.requests:032x} 192.0.2.254 john {proof} {mac} ."
        request = LoginRequest(origin(client), b"john", b"secret", b"", b"", False, mac, reply_to, line)
        customer = self.directory.customer(ISP.id, b"john")
        if self._known is not None:
            known = self._known.answer(self, line, now)
            if known is not None:
                self.known_ways += 1
                return known
            if authentic and customer is not None:
                self._known.remember(line, request, customer)
        decide = login.quick_answer if self._short else login.answer
        answer = decide(self, request, customer, authentic, now)
        self.short_ways += isinstance(answer, tuple) and len(answer) == 3
        return answer


class World:
    """One directory, asked by both servers."""

    def __init__(self) -> None:
        self.directory, self.now = Directory(), NOW
        self.directory.contents = Contents({ISP.id: ISP}, {PLAN.id: PLAN})
        self.put("device", DEVICE)
        self.directory.contents.put_device(OTHER_ADDRESS, OTHER_DEVICE)
        self.put("customer", CUSTOMER)
        self.short, self.long = Server(self.directory, short=True), Server(self.directory, short=False)
        self.direct = Server(self.directory, short=True, direct=True)
        self.known = Server(self.directory, short=True, direct=True, known=KnownLogins())
        self.servers = self.short, self.direct, self.long, self.known

    def put(self, kind: str, entry: Any) -> None:
        contents = self.directory.contents
        if kind == "customer":
            contents.put_customer(entry)
        elif kind == "device":
            contents.put_device(ADDRESS, entry)
        else:
            {"isp": contents.isps, "plan": contents.plans}[kind][entry.id] = entry

    def change(self, kind: str, changes: dict[str, Any]) -> None:
        contents = self.directory.contents
        held = {"customer": lambda: contents.customers[CUSTOMER.id], "plan": lambda: contents.plans[PLAN.id],
                "isp": lambda: contents.isps[ISP.id], "device": lambda: contents.devices[DEVICE.id][1]}  # fmt: skip
        self.put(kind, held[kind]()._replace(**changes))

    def use(self, octets: int, macs: list[str]) -> None:
        customer = self.directory.contents.customers[CUSTOMER.id]
        sessions = [StoredSession(f"{number}", CUSTOMER.id, mac, NOW - 60 + number, self.now, 0)
                    for number, mac in enumerate(macs)]  # fmt: skip
        for server in self.servers:
            server.online.refresh(CUSTOMER.id, customer.period_start(self.now), octets, sessions)

    def log_in(self, mac: str, address: str, *, authentic: bool = True) -> None:
        """All answer alike, write the same down, and have the same places taken and octets left afterwards."""
        nonces.append(len(nonces))
        short, direct, long, known = (
            server.log_in(mac, address, self.now, authentic=authentic) for server in self.servers
        )
        assert lists(short) == lists(long)
        assert known == direct
        assert (self.known.sent, self.known.late) == (self.direct.sent, self.direct.late)
        if direct == SENT and lists(long)[0] == REJECT:
            octets, delay = self.direct.late[-1]
            message = [("Reply-Message", ":=", of_octets(octets)[0][1].decode())]
            assert [*message, ("FreeRADIUS-Response-Delay", ":=", str(delay))] == lists(long)[1][::-1]
        elif direct == SENT:
            assert of_octets(self.direct.sent[-1]) == of_pairs(lists(long)[1])
        else:
            assert lists(direct) == lists(long)
        assert self.short.recorded == self.direct.recorded == self.long.recorded == self.known.recorded
        assert self.short.answers == self.direct.answers == self.long.answers == self.known.answers
        period = self.directory.contents.customers[CUSTOMER.id].period_start(self.now)
        standing = [set_of(server.online.usage_and_slots(CUSTOMER.id, period, self.now)) for server in self.servers]
        assert all(other == standing[0] for other in standing)


#: What the hook encodes by itself, by number, or by vendor and number.
NUMBERS: dict[str, int | tuple[int, int]] = {
    "Session-Timeout": 27, "Idle-Timeout": 28, "Acct-Interim-Interval": 85, "Framed-IP-Address": 8, "Framed-Pool": 88,
    "Class": 25, "Filter-Id": 11, "Mikrotik-Rate-Limit": (14988, 8), "Mikrotik-Total-Limit": (14988, 17),
    "Mikrotik-Total-Limit-Gigawords": (14988, 18),
}  # fmt: skip
_TEXTS = frozenset(("Filter-Id", "Framed-Pool", "Mikrotik-Rate-Limit"))


def of_octets(octets: bytes) -> list[tuple[Any, bytes]]:
    """Attributes as they travel → (number, value), sorted."""
    attributes: list[tuple[Any, bytes]] = []
    while octets:
        number, value, octets = octets[0], octets[2 : octets[1]], octets[octets[1] :]
        if number == 26:
            assert value[5] == len(value) - 4
            attributes.append(((int.from_bytes(value[:4], "big"), value[4]), value[6:]))
        else:
            attributes.append((number, value))
    return sorted(attributes, key=str)


def of_pairs(pairs: list[tuple[str, ...]]) -> list[tuple[Any, bytes]]:
    """Attributes as FreeRADIUS gets them → the same; it unescapes texts."""
    return sorted(((NUMBERS[name], _value(name, value)) for name, _op, value in pairs), key=str)


def _value(name: str, value: str) -> bytes:
    if name == "Class":
        return bytes.fromhex(value[2:])
    if name in _TEXTS:
        return re.sub(r"\\(.)", r"\1", value).encode()
    return IPv4Address(value).packed if "." in value else int(value).to_bytes(4, "big")


def set_of(standing: tuple[int, Any]) -> tuple[int, set[Any]]:
    return standing[0], set(standing[1])


def lists(answer: Answer) -> tuple[int, list[tuple[str, ...]], Any]:
    """Code, reply attributes by name, config. Attributes of one name keep their order."""
    assert isinstance(answer, tuple)
    code, *lists = answer
    reply, config = (lists[0]["reply"], lists[0].get("config")) if len(lists) == 1 else lists  # type: ignore[index,union-attr]
    return code, sorted(reply, key=lambda pair: pair[0]), config
