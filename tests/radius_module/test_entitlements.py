"""The short way of a login says what the long way says, whatever has happened since it was last gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radius_module import entitlements, login
from radius_module.brake import Brake
from radius_module.directory import Contents, Directory
from radius_module.entitlements import Entitlements
from radius_module.live import Live, StoredSession
from radius_module.login_server import LoginServer
from radius_module.packet import LoginRequest, client_name, origin
from radius_module.rlm import OK, Answer
from radius_module.rules.facts import Attribute
from tests.radius_module.rules.facts_made import CUSTOMER, DEVICE, ISP, MAC, NOW, OTHER_MAC, PERIOD, PLAN, THIRD_MAC

ADDRESS, GIGAWORD = "192.0.2.1", 1 << 32
OTHER_DEVICE, OTHER_ADDRESS = DEVICE._replace(id=71), "192.0.2.2"
MONTH = 30 * 86_400.0
_nonces: list[int] = []


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
        _nonces.append(len(_nonces))
        short, long = (server.log_in(mac, address, self.now, authentic=authentic) for server in (self.short, self.long))
        assert _lists(short) == _lists(long)
        assert self.short.recorded == self.long.recorded
        assert self.short.answers == self.long.answers
        period = self.directory.contents.customers[CUSTOMER.id].period_start(self.now)
        standing = [set_of(server.live.standing(CUSTOMER.id, period, self.now)) for server in (self.short, self.long)]
        assert standing[0] == standing[1]


def set_of(standing: tuple[int, Any]) -> tuple[int, set[Any]]:
    return standing[0], set(standing[1])


def _lists(answer: Answer) -> tuple[int, list[tuple[str, ...]], Any]:
    """Code, reply attributes by name, config. Attributes of one name keep their order."""
    assert isinstance(answer, tuple)
    code, *lists = answer
    reply, config = (lists[0]["reply"], lists[0]["config"]) if len(lists) == 1 else lists  # type: ignore[index]
    return code, sorted(reply, key=lambda pair: pair[0]), config


@pytest.fixture(autouse=True)
def _same_class() -> Iterator[None]:
    """The only thing in an answer that is left to chance: another one at each login, the same one for both."""
    with pytest.MonkeyPatch.context() as patched:
        for module in (entitlements, login):
            patched.setattr(module, "make_class", lambda now: int(now).to_bytes(5, "big") + b"%08d" % len(_nonces))
        yield


def test_who_came_in_once_comes_in_by_the_short_way() -> None:
    world = World()
    for _ in range(3):
        world.log_in(MAC, ADDRESS)
    assert world.short.short_ways == 3
    assert world.short.answers == {"accept": 3}


extras = st.lists(
    st.sampled_from(
        [Attribute("Session-Timeout", ":=", "60"), Attribute("Session-Timeout", ":=", "9000000"),
         Attribute("Idle-Timeout", "=", "5"), Attribute("Filter-Id", "+=", "one"), Attribute("Filter-Id", "+=", "two"),
         Attribute("Mikrotik-Total-Limit", ":=", "1"), Attribute("Class", ":=", "0x00"),
         Attribute("Mikrotik-Rate-Limit", ":=", "9M/9M")]
    ),
    max_size=3,
).map(tuple)  # fmt: skip
moments = st.sampled_from([NOW - 3600, NOW - 1, NOW, NOW + 1, NOW + 59.5, NOW + 3600, NOW + MONTH, float("inf")])
of_customer = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["active", "suspended", "expired"]),
        "expires_at": moments,
        "plan_id": st.sampled_from([PLAN.id, None]),
        "static_ip": st.sampled_from([None, "10.0.0.9"]),
        "mac": st.sampled_from(["", MAC]),
        "credential": st.sampled_from(["secret", None]),
        "period_starts": st.sampled_from([(PERIOD,), (PERIOD, NOW + 1), (PERIOD, NOW - 60, NOW + 3600)]),
        "topups": st.sampled_from([(), ((PERIOD, 5),), ((NOW + 1, GIGAWORD), (PERIOD, 1))]),
        "extra": extras,
    },
)
of_plan = st.fixed_dictionaries(
    {},
    optional={
        "data_limit": st.sampled_from([None, 0, 1, 10, GIGAWORD - 1, GIGAWORD, 10 * 10**12, 1 << 63]),
        "session_timeout": st.sampled_from([None, 60, 3600, 2**31]),
        "idle_timeout": st.sampled_from([None, 600, 2**33]),
        "simultaneous_use": st.integers(1, 3),
        "replaces_oldest": st.booleans(),
        "throttles": st.booleans(),
        "address_pool": st.sampled_from([None, 'pool "1"']),
        "extra": extras,
    },
)
logins = st.tuples(
    st.just("log in"), st.sampled_from(["", MAC, OTHER_MAC, THIRD_MAC]), st.sampled_from([ADDRESS, OTHER_ADDRESS])
)
changes = st.one_of(
    st.tuples(st.just("customer"), of_customer),
    st.tuples(st.just("plan"), of_plan),
    st.tuples(st.just("isp"), st.fixed_dictionaries({"active": st.booleans()})),
    st.tuples(st.just("device"), st.fixed_dictionaries({"active": st.booleans()})),
    st.tuples(st.just("use"), st.sampled_from([0, 1, 9, 10, GIGAWORD]),
              st.lists(st.sampled_from(["", MAC, OTHER_MAC]), max_size=3)),
    st.tuples(st.just("time"), moments),
    st.tuples(st.just("wrong password")),
)  # fmt: skip
# A change is nothing without a login before it and one after.
histories = st.lists(st.tuples(logins, changes, logins), min_size=1, max_size=4)


def _live_through(history: list[tuple[Any, ...]]) -> World:
    world = World()
    for step in (step for three in history for step in three):
        match step:
            case "log in", mac, address:
                world.log_in(mac, address)
            case ("wrong password",):
                world.log_in(MAC, ADDRESS, authentic=False)
            case "use", octets, macs:
                world.use(octets, macs)
            case "time", moment:
                world.now = min(moment, NOW + 2 * MONTH)
            case kind, changed:
                world.change(kind, changed)
    return world


@given(histories)
@settings(deadline=None, max_examples=500)
def test_both_ways_answer_alike_after_anything(history: list[tuple[Any, ...]]) -> None:
    _live_through(history)


_IN, _UNKNOWN = ("log in", MAC, ADDRESS), ("log in", "", ADDRESS)
_PERIODS = {"period_starts": (PERIOD, NOW - 60), "topups": ((PERIOD, 1), (NOW - 60, 5))}


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((("plan", {"data_limit": 10}), _IN, ("use", 9, []), _IN, ("use", 10, []), _IN),
                     id="the last octet"),
        pytest.param((("plan", {"simultaneous_use": 2}), _UNKNOWN, ("use", 0, [""]), _UNKNOWN),
                     id="whom nobody knows is another"),
        pytest.param((("plan", {"data_limit": 10}), ("customer", _PERIODS), _IN, ("time", NOW - 3600), _IN),
                     id="a clock set back into the period before"),
        pytest.param((("plan", {"data_limit": 10}), ("use", 9, []), _IN, ("customer", _PERIODS), _IN),
                     id="what was used in another period"),
    ],
)  # fmt: skip
def test_both_ways_answer_alike_at_the_edges(steps: tuple[tuple[Any, ...], ...]) -> None:
    _live_through([steps])


def test_a_packet_signed_with_the_secret_of_the_router_before_goes_the_long_way() -> None:
    world = World()
    world.log_in(MAC, ADDRESS)
    for device_id in (DEVICE.id, 999):
        request = LoginRequest(origin(client_name(ISP.id, device_id, ADDRESS)), b"john", b"", b"", b"", False, MAC)
        admitted = world.short.entitlements.admit(request, CUSTOMER, NOW)
        assert (admitted is not None) is (device_id == DEVICE.id)


@pytest.mark.parametrize(
    "change",
    [("customer", {"status": "suspended"}), ("customer", {"expires_at": NOW}), ("customer", {"mac": OTHER_MAC}),
     ("isp", {"active": False}), ("device", {"active": False}), ("plan", {"data_limit": 0}),
     ("use", 0, [OTHER_MAC])],
    ids=str,
)  # fmt: skip
def test_a_change_is_in_force_at_the_next_login(change: tuple[Any, ...]) -> None:
    world = _live_through([(("log in", MAC, ADDRESS), change, ("log in", MAC, ADDRESS))])
    assert world.short.short_ways == 1
    assert world.short.answers["accept"] == 1
    assert sum(world.short.answers.values()) == 2


def test_the_expiry_ends_it_by_itself() -> None:
    world = World()
    for now, code in ((NOW, "accept"), (CUSTOMER.expires_at - 0.5, "accept"), (CUSTOMER.expires_at, "expired")):
        world.now = now
        world.log_in(MAC, ADDRESS)
        assert world.short.recorded[-1].code == code
    assert world.short.short_ways == 2


def test_a_customer_who_was_replaced_by_his_equal_is_looked_at_again() -> None:
    world = World()
    world.log_in(MAC, ADDRESS)
    world.directory.contents.drop_customer(CUSTOMER.id)
    world.put("customer", CUSTOMER._replace(credential=None))
    assert _lists(world.short.log_in(MAC, ADDRESS, NOW))[0] != OK
