"""A router of a tenant on the loopback: sends logins from its own address and reads the answers strictly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from tests.radius_client import (
    MIKROTIK,
    Attribute,
    Chap,
    Code,
    Credential,
    Integrity,
    Mikrotik,
    MsChap1,
    MsChap2,
    Name,
    Pap,
    Reply,
    Request,
    Visit,
    access_attributes,
    access_request,
    exchange,
    verify,
)
from tests.wire.system import System

PROTOCOLS = ("PAP", "CHAP", "CHAP with a challenge", "MS-CHAPv1", "MS-CHAPv2")
MAC = "02:00:00:00:00:01"
#: What comes later than this, in seconds, is no answer any more.
_SILENCE = 0.4

_Value = TypeVar("_Value")


def proof(protocol: str, username: str | bytes, password: str) -> Credential:
    """The password as the protocol proves it."""
    name = username.encode() if isinstance(username, str) else username
    match protocol:
        case "PAP":
            return Pap(password.encode())
        case "CHAP":
            return Chap(password.encode())
        case "CHAP with a challenge":
            return Chap(password.encode(), identifier=200, challenge=b"a challenge of 20 oc")
        case "MS-CHAPv1":
            return MsChap1(password)
        case "MS-CHAPv2":
            return MsChap2(name, password)
    raise ValueError(protocol)


@dataclass(frozen=True)
class Answer:
    """A verified Access-Accept or Access-Reject, in the words of the field. None: the attribute is not there."""

    reply: Reply

    @property
    def accepted(self) -> bool:
        assert self.reply.code in (Code.ACCESS_ACCEPT, Code.ACCESS_REJECT)
        return self.reply.code == Code.ACCESS_ACCEPT

    @property
    def message(self) -> str | None:
        return self._text(Name.REPLY_MESSAGE)

    @property
    def rate(self) -> str | None:
        return _only([value.decode() for value in self.reply.vendor_values(MIKROTIK, Mikrotik.RATE_LIMIT)])

    @property
    def limit(self) -> int | None:
        """Octets that may still pass, both halves together; half a limit is none that a router could read."""
        low = _only(self.reply.vendor_integers(MIKROTIK, Mikrotik.TOTAL_LIMIT))
        high = _only(self.reply.vendor_integers(MIKROTIK, Mikrotik.TOTAL_LIMIT_GIGAWORDS))
        assert (low is None) == (high is None)
        return None if low is None or high is None else low + (high << 32)

    @property
    def session_timeout(self) -> int | None:
        return _only(self.reply.integers(Name.SESSION_TIMEOUT))

    @property
    def idle_timeout(self) -> int | None:
        return _only(self.reply.integers(Name.IDLE_TIMEOUT))

    @property
    def interim(self) -> int | None:
        return _only(self.reply.integers(Name.ACCT_INTERIM_INTERVAL))

    @property
    def address(self) -> str | None:
        octets = _only(self.reply.values(Name.FRAMED_IP_ADDRESS))
        return None if octets is None else ".".join(map(str, octets))

    @property
    def pool(self) -> str | None:
        return self._text(Name.FRAMED_POOL)

    @property
    def klass(self) -> bytes | None:
        return _only(self.reply.values(Name.CLASS))

    def _text(self, name: int) -> str | None:
        octets = _only(self.reply.values(name))
        return None if octets is None else octets.decode()


def _only(values: list[_Value]) -> _Value | None:
    assert len(values) <= 1, f"more than one: {values}"
    return values[0] if values else None


class Router:
    """What sends packets; `secret` is what the router was set up with."""

    def __init__(self, system: System, device_id: int, address: str, secret: str) -> None:
        self.system, self.device_id, self.address = system, device_id, address
        self.secret = secret.encode()

    def ignored(self, request: Request) -> bool:
        """Whether there is no answer; the log may say that the sender is unknown."""
        self.system.expect_log(f"unknown client {self.address} ")
        return self.ask(request, timeout=_SILENCE) is None

    def ask(self, request: Request, *, timeout: float = 3.0) -> Answer | None:
        """The answer after every check that a router may make; None is silence. Waits for what was changed before."""
        self.system.settle()
        return self.ask_now(request, timeout=timeout)

    def ask_now(self, request: Request, *, timeout: float = 3.0) -> Answer | None:
        """The same without waiting."""
        octets = exchange(request, self.system.server, timeout=timeout, source=(self.address, 0))
        return None if octets is None else Answer(verify(octets, request))

    def request(
        self,
        username: str | bytes,
        password: str | Credential,
        *,
        mac: str = MAC,
        extra: Iterable[Attribute] = (),
        integrity: Integrity = Integrity.VALID,
        raw: bytes = b"",
    ) -> Request:
        """An Access-Request as RouterOS sends it for PPPoE; a password alone is sent by PAP.

        `extra` attributes take the place of the router's own of the same name.
        """
        visit = Visit(username, "80000001", mac=mac, nas_address=self.address)
        credential = Pap(password.encode()) if isinstance(password, str) else password
        given = list(extra)
        names = {name for name, _value in given}
        attributes = [attribute for attribute in access_attributes(visit) if attribute[0] not in names] + given
        return access_request(self.secret, attributes, credential, integrity=integrity, raw=raw)

    def login(
        self,
        username: str | bytes,
        password: str | Credential,
        *,
        mac: str = MAC,
        extra: Iterable[Attribute] = (),
        timeout: float = 3.0,
    ) -> Answer:
        """One login that is answered."""
        answer = self.ask(self.request(username, password, mac=mac, extra=extra), timeout=timeout)
        assert answer is not None, "no answer"
        return answer
