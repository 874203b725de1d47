"""A login process without a database, and one directory that two of them ask: the short way of a login and the long."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

from radius_module import login
from radius_module.brake import Brake
from radius_module.directory import Contents, Directory
from radius_module.entitlements import Entitlements
from radius_module.live import Live, StoredSession
from radius_module.login_server import LoginServer
from radius_module.packet import LoginRequest, client_name, origin
from radius_module.rlm import Answer
from tests.radius_module.rules.facts_made import CUSTOMER, DEVICE, ISP, NOW, PLAN

ADDRESS, GIGAWORD = "192.0.2.1", 1 << 32
OTHER_DEVICE, OTHER_ADDRESS = DEVICE._replace(id=71), "192.0.2.2"
MONTH = 30 * 86_400.0
nonces: list[int] = []


class Server:
    """What a login's hook asks, without a database; goes the short way where it may, or only the long one."""

    def __init__(self, directory: Directory, *, short: bool) -> None:
        self.directory, self.live, self.brake = directory, Live(), Brake()
        self.entitlements = Entitlements(directory, self.live)
        self.answers: Counter[str] = Counter()
        self.recorded: list[Any] = []
        self.spool = SimpleNamespace(put_later=self.recorded.append)
        self.short_ways = 0
        self._short = short

    def device(self, address: str) -> Any:
        return self.directory.device(address)

    def log_in(self, mac: str, address: str, now: float, *, authentic: bool = True) -> Answer:
        device = self.directory.device(address)
        client = client_name(ISP.id, device.id if device else 999, address)
        request = LoginRequest(origin(client), b"john", b"secret", b"", b"", is_mschap=False, mac=mac)
        customer = self.directory.customer(ISP.id, b"john")
        answering = login.quick_answer if self._short else login.answer
        answer = answering(cast(LoginServer, self), request, customer, authentic, now)
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
        for server in (self.short, self.long):
            server.live.refresh(CUSTOMER.id, customer.period_start(self.now), octets, sessions)

    def log_in(self, mac: str, address: str, *, authentic: bool = True) -> None:
        """Both answer alike, write the same down, and have the same places taken and octets left afterwards."""
        nonces.append(len(nonces))
        short, long = (server.log_in(mac, address, self.now, authentic=authentic) for server in (self.short, self.long))
        assert lists(short) == lists(long)
        assert self.short.recorded == self.long.recorded
        assert self.short.answers == self.long.answers
        period = self.directory.contents.customers[CUSTOMER.id].period_start(self.now)
        standing = [set_of(server.live.standing(CUSTOMER.id, period, self.now)) for server in (self.short, self.long)]
        assert standing[0] == standing[1]


def set_of(standing: tuple[int, Any]) -> tuple[int, set[Any]]:
    return standing[0], set(standing[1])


def lists(answer: Answer) -> tuple[int, list[tuple[str, ...]], Any]:
    """Code, reply attributes by name, config. Attributes of one name keep their order."""
    assert isinstance(answer, tuple)
    code, *lists = answer
    reply, config = (lists[0]["reply"], lists[0]["config"]) if len(lists) == 1 else lists  # type: ignore[index]
    return code, sorted(reply, key=lambda pair: pair[0]), config
