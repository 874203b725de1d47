"""Accounting on the wire: real packets, acknowledged, booked, and in force for the next login at once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.radius_client import (
    MIKROTIK,
    AcctStatus,
    Code,
    Growth,
    Name,
    Reply,
    Visit,
    accounting_attributes,
    accounting_request,
    exchange,
    reboot_attributes,
    text,
    vendor,
    verify,
)
from tests.wire.router import MAC, Router
from tests.wire.system import System
from tests.wire.tenant import Tenant
from tests.wire.test_hostile_octets import DROPPED, OCTETS

START, INTERIM, STOP = AcctStatus.START, AcctStatus.INTERIM_UPDATE, AcctStatus.STOP
GIGA = 1 << 32


def send(router: Router, attributes: list[tuple[int, bytes]], *, raw: bytes = b"", tries: int = 1) -> bool:
    """Was it acknowledged, by an answer that is right in every octet?"""
    router.system.settle()
    installation = router.system.installation
    request = accounting_request(router.secret, attributes, raw=raw)
    server = (installation.settings.radius_listen, installation.settings.radius_acct_port)
    octets = exchange(request, server, timeout=2.0, source=(router.address, 0), tries=tries)
    if octets is None:
        return False
    reply: Reply = verify(octets, request)
    assert reply.code == Code.ACCOUNTING_RESPONSE
    return True


class Session:
    """One session of a customer on a router."""

    def __init__(self, router: Router, username: str | bytes, session_id: str, klass: bytes | None = None,
                 mac: str = MAC, called: str = "service1") -> None:  # fmt: skip
        self.router, self.klass = router, klass
        self.visit = Visit(username, session_id, mac=mac, nas_address=router.address, called=called)

    def send(self, status: AcctStatus, growth: Growth | None = None, **options: Any) -> bool:
        return send(self.router, accounting_attributes(self.visit, status, growth, session_class=self.klass, **options))


def eventually(question: Callable[[], Any], wanted: Any, limit: float = 5.0) -> None:
    """Booked within seconds."""
    deadline = time.monotonic() + limit
    while (booked := question()) != wanted:
        assert time.monotonic() < deadline, f"after {limit} s still {booked}, not {wanted}"
        time.sleep(0.02)


def booked(system: System, isp_id: int, columns: str) -> list[tuple[Any, ...]]:
    query = f"select {columns} from radacct where isp_id = :isp order by acctsessionid, acctstarttime"  # noqa: S608
    return system.sql(query, isp=isp_id)


def usage(system: System, customer_id: int) -> list[tuple[int, int]]:
    return [(row[0], row[1]) for row in system.sql(
        "select bytes_in, bytes_out from usage where customer_id = :id", id=customer_id)]  # fmt: skip


def test_a_session_from_login_to_stop_is_in_the_books(system: System, tenant: Tenant) -> None:
    john = tenant.customer()
    klass = tenant.router.login(john.username, john.password).klass
    session = Session(tenant.router, john.username, "80f00001", klass)
    assert session.send(START)
    assert session.send(INTERIM, Growth(300, 10, 5 * GIGA))
    assert session.send(STOP, Growth(400, 20, 6 * GIGA))
    columns = "customer_id, acctinputoctets, acctoutputoctets, acctterminatecause"
    eventually(lambda: booked(system, tenant.isp_id, columns),
               [(john.id, 20, 6 * GIGA, "User-Request")])  # fmt: skip
    assert usage(system, john.id) == [(20, 6 * GIGA)]
    assert len(system.sql("select from usage_daily where customer_id = :id", id=john.id)) == 1


def test_proxy_states_come_back_in_their_order(system: System, tenant: Tenant) -> None:
    """RFC 2866 section 5: a proxy on the way finds its own again."""
    router = tenant.router
    system.settle()
    visit = Visit("nobody", "80f00001", nas_address=router.address)
    states = [b"\xff\0first", b"second", b"x" * 253]
    attributes = [*accounting_attributes(visit, START), *(text(Name.PROXY_STATE, state) for state in states)]
    request = accounting_request(router.secret, attributes)
    settings = system.installation.settings
    octets = exchange(request, (settings.radius_listen, settings.radius_acct_port), source=(router.address, 0))
    assert octets is not None
    assert verify(octets, request).values(Name.PROXY_STATE) == states


def test_a_packet_sent_four_times_counts_once(system: System, tenant: Tenant) -> None:
    john = tenant.customer()
    session = Session(tenant.router, john.username, "80f00001")
    for _ in range(4):
        assert session.send(INTERIM, Growth(300, 10, 20))
    assert session.send(STOP, Growth(301, 10, 21))
    eventually(lambda: usage(system, john.id), [(10, 21)])
    assert len(booked(system, tenant.isp_id, "1")) == 1


@pytest.mark.parametrize("cap", [5_000_000_000, 100_000_000_000])
def test_the_login_after_the_packet_that_reached_the_cap_is_refused(system: System, tenant: Tenant, cap: int) -> None:
    plan = tenant.plan(data_limit_bytes=cap)
    john = tenant.customer(plan=plan)
    for number in range(10):
        visit = Session(tenant.router, john.username, f"80f0000{number}")
        assert visit.send(STOP, Growth(60, cap // 20, cap // 20 - 1))
        answer = tenant.router.login(john.username, john.password)
        assert answer.limit == cap - (number + 1) * (cap // 10 - 1)
    assert Session(tenant.router, john.username, "80f000ff").send(START)
    assert Session(tenant.router, john.username, "80f000ff").send(INTERIM, Growth(1, 4, 6))
    assert not tenant.router.login(john.username, john.password).accepted
    eventually(lambda: system.sql("select kind, reason from outbox where customer_id = :id", id=john.id),
               [("disconnect", "quota_exceeded")])  # fmt: skip


def test_latin_1_and_nul_in_a_packet_are_booked(system: System, tenant: Tenant) -> None:
    john = tenant.customer()
    visit = Visit(john.username, "80f00001", nas_address=tenant.router.address)
    sent = accounting_attributes(visit, STOP, Growth(60, 7, 8))
    attributes = [pair for pair in sent if pair[0] != Name.CALLED_STATION_ID]
    assert send(tenant.router, [*attributes, text(Name.CALLED_STATION_ID, b"Caf\xe9\0 SSID")])
    eventually(lambda: booked(system, tenant.isp_id, "calledstationid, acctinputoctets"), [(r"Caf\xe9\x00 SSID", 7)])


@pytest.mark.parametrize("kind", OCTETS)
def test_any_octets_in_any_attribute_are_acknowledged_and_what_counts_is_booked(
    system: System, tenant: Tenant, kind: str
) -> None:
    """Every type there is, and vendors' known and unknown; for numbers and addresses the length is wrong as well.

    But for what FreeRADIUS drops for its own reasons, a false signature among them.
    """
    john = tenant.customer()
    visit = Visit(john.username, "80f00001", nas_address=tenant.router.address)
    sent = accounting_attributes(visit, STOP, Growth(60, 7, 8))
    names = set(range(1, 256)) - DROPPED - {Name.MESSAGE_AUTHENTICATOR}
    extra = [(name, OCTETS[kind]) for name in sorted(names)]
    extra += [vendor(number, (1, OCTETS[kind][:200])) for number in (0, 9, MIKROTIK, 99999)]
    unanswered = [attribute for attribute in extra if not send(tenant.router, [*sent, attribute])]
    assert unanswered == []
    eventually(lambda: usage(system, john.id), [(7, 8)])


def test_hostile_names_are_booked_without_a_customer(system: System, tenant: Tenant) -> None:
    john = tenant.customer()
    for number, name in enumerate((john.username.encode() + b"\0x", b"\xff\xfe", b"nobody")):
        assert Session(tenant.router, name, f"80f0000{number}").send(STOP, Growth(60, 7, 8))
    eventually(lambda: booked(system, tenant.isp_id, "customer_id, acctinputoctets"), [(None, 7)] * 3)


def test_two_tenants_with_the_same_name_mac_and_id_at_once_have_their_own_books(
    system: System, tenant: Tenant, other_tenant: Tenant
) -> None:
    pair = [(isp, isp.customer(username="twin")) for isp in (tenant, other_tenant)]
    for step in range(1, 4):
        for factor, (isp, twin) in enumerate(pair, 1):
            assert Session(isp.router, twin.username, "80f00001").send(INTERIM, Growth(step, step * factor, 0))
    for factor, (_one, twin) in enumerate(pair, 1):
        eventually(lambda twin=twin: usage(system, twin.id), [(3 * factor, 0)])


def test_a_router_that_restarts_forty_times_has_every_session_separate(system: System, tenant: Tenant) -> None:
    john = tenant.customer()
    for boot in range(40):
        klass = tenant.router.login(john.username, john.password).klass
        session = Session(tenant.router, john.username, f"80{boot % 16:x}00001", klass)
        assert session.send(START)
        assert session.send(INTERIM, Growth(10, 5, 6), timestamp=86400)
        if boot % 10 == 9:
            # A customer has so many open sessions at most, and an end reaches the books a moment after the restart.
            eventually(lambda: system.sql("select count(*), count(*) filter (where acctstoptime is null) from radacct "
                                          "where isp_id = :isp", isp=tenant.isp_id), [(boot + 1, 1)], 20)  # fmt: skip
    eventually(lambda: usage(system, john.id), [(200, 240)])
    days = system.sql("select now()::date - day, bytes_in + bytes_out from usage_daily where isp_id = :isp",
                      isp=tenant.isp_id)  # fmt: skip
    assert {age for age, _octets in days} <= {0, 1}, "the router's clock decides no day"
    assert sum(octets for _age, octets in days) == 440
    clock = system.sql("select max(router_time)::text from radacct where isp_id = :isp", isp=tenant.isp_id)
    assert clock[0][0].startswith("1970")


def test_accounting_on_ends_what_was_open(system: System, tenant: Tenant) -> None:
    john = tenant.customer()
    session = Session(tenant.router, john.username, "80f00001")
    assert session.send(START)
    assert send(tenant.router, reboot_attributes(AcctStatus.ACCOUNTING_ON, nas_address=tenant.router.address))
    eventually(lambda: booked(system, tenant.isp_id, "acctterminatecause"), [("Router-Reboot",)])


def test_one_place_one_session(system: System, tenant: Tenant) -> None:
    john = tenant.customer()
    other = "02:00:00:00:00:02"
    assert tenant.router.login(john.username, john.password).accepted
    assert not tenant.router.login(john.username, john.password, mac=other).accepted, "between Accept and Start"
    assert tenant.router.login(john.username, john.password).accepted, "the same device"
    session = Session(tenant.router, john.username, "80f00001")
    assert session.send(START)
    assert not tenant.router.login(john.username, john.password, mac=other).accepted
    assert session.send(STOP, Growth(5, 1, 1))
    assert tenant.router.login(john.username, john.password, mac=other).accepted


def test_a_packet_with_a_false_authenticator_is_not_acknowledged(system: System, tenant: Tenant) -> None:
    john = tenant.customer()
    visit = Visit(john.username, "80f00001", nas_address=tenant.router.address)
    settings = system.installation.settings
    request = accounting_request(tenant.router.secret, accounting_attributes(visit, START), false_authenticator=True)
    assert exchange(request, (settings.radius_listen, settings.radius_acct_port), timeout=0.5,
                    source=(tenant.router.address, 0)) is None  # fmt: skip


def test_the_accounting_process_tells_that_its_spool_works(system: System, tenant: Tenant) -> None:
    john = tenant.customer()
    assert Session(tenant.router, john.username, "80f00001").send(START)
    path = system.installation.settings.state_dir / "run" / "radius" / "acct.json"

    def works() -> bool:
        facts = json.loads(path.read_text())
        return facts["spool_works"] is True and time.time() - facts["last_accounting_at"] < 5

    eventually(works, True)
