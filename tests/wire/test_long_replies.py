"""Answers up to the longest packet: nothing is cut, whatever rows were saved, and what would not fit is a refusal."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable

import pytest

from radius_module.replies.attribute import UnencodableAttribute, check_row
from tests.radius_client import Name, Reply, Request, text, verify
from tests.wire.router import PROTOCOLS, Router, proof
from tests.wire.tenant import PASSWORD, Tenant

LONGEST = 4096
FRAMED_ROUTE, FILTER_ID, PORT_LIMIT, CALLBACK = 22, 11, 62, 19
Row = tuple[str, str, str]


def as_many_as_fit(row: Row) -> list[Row]:
    """What the API would let an operator save."""
    rows: list[Row] = []
    while True:
        try:
            check_row(*row, rows)
        except UnencodableAttribute:
            return rows
        rows.append(row)


def of_plan(tenant: Tenant, plan: int, rows: Iterable[Row]) -> None:
    for name, op, value in rows:
        tenant.system.sql(
            "insert into radgroupreply (isp_id, groupname, attribute, op, value)"
            " values (:isp, :group, :name, :op, :value)",
            isp=tenant.isp_id, group=f"plan_{plan}", name=name, op=op, value=value,
        )  # fmt: skip


def ask(router: Router, request: Request) -> Reply:
    """The answer, however long the datagram is."""
    router.system.settle()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind((router.address, 0))
        link.settimeout(3.0)
        link.sendto(request.octets, router.system.server)
        octets = link.recv(1 << 16)
    assert len(octets) <= LONGEST
    return verify(octets, request)


@pytest.mark.parametrize(
    ("plans", "customers"),
    [
        (("Filter-Id", "+=", "x" * 247), ("Framed-Route", "+=", "10.200.100.0/24 192.168.100.200 1")),
        (("Filter-Id", "+=", "ü" * 40), ("Port-Limit", "+=", "1")),
        (("Mikrotik-Group", "+=", "y" * 10), ("Mikrotik-Mark-Id", "+=", "z")),
    ],
    ids=["long", "many", "vendor's"],
)
def test_all_that_may_be_saved_fits_whatever_else_is_sent(tenant: Tenant, plans: Row, customers: Row) -> None:
    plan = tenant.plan(address_pool="p" * 253, data_limit_bytes=5 << 32, idle_timeout=60, session_timeout=60)
    john = tenant.customer(plan=plan)
    of_plan(tenant, plan, as_many_as_fit(plans))
    for row in as_many_as_fit(customers):
        tenant.reply_row(john, *row)
    states = [text(Name.PROXY_STATE, b"s" * 100), text(Name.PROXY_STATE, b"t" * 100)]
    for protocol in PROTOCOLS:
        reply = ask(tenant.router, tenant.router.request("john", proof(protocol, "john", PASSWORD), extra=states))
        sent = len(as_many_as_fit(plans)) + len(as_many_as_fit(customers))
        alike = [value for name, value in reply.attributes if name in (FILTER_ID, FRAMED_ROUTE, PORT_LIMIT)]
        vendors = [value for name, value in reply.attributes if name == 26 and value.startswith(b"\0\0\x3a\x8c")]
        ours = [value for value in vendors if value[4] in (3, 11)]
        assert len(alike) + len(ours) == sent, protocol
        assert len(reply.values(Name.CLASS)) == 1
        assert reply.values(Name.PROXY_STATE) == [b"s" * 100, b"t" * 100]
    assert tenant.codes(len(PROTOCOLS)) == ["accept"] * len(PROTOCOLS)


def test_rows_of_sql_that_would_not_fit_are_a_refusal_and_quick_however_many(tenant: Tenant) -> None:
    tenant.system.expect_log("refused, the answer cannot be sent: Port-Limit")
    john, jane = tenant.customer(), tenant.customer("jane")
    tenant.system.sql(
        "insert into radreply (isp_id, username, attribute, op, value)"
        " select :isp, 'john', 'Port-Limit', '+=', number::text from generate_series(1, 4000) number",
        isp=tenant.isp_id,
    )
    answer = tenant.login(john)
    assert answer.message == "The service is not set up correctly. Please tell your provider."
    begun = time.monotonic()
    for _ in range(10):
        assert not tenant.login(john).accepted
        assert tenant.login(jane).accepted
    assert (time.monotonic() - begun) / 20 < 0.1
    assert tenant.codes(21).count("bad_reply_attribute") == 11


def test_proxy_states_that_leave_no_room_are_a_refusal_and_nothing_is_cut(tenant: Tenant) -> None:
    tenant.system.expect_log("refused, the answer cannot be sent: Filter-Id")
    john = tenant.customer()
    for row in as_many_as_fit(("Filter-Id", "+=", "x" * 198)):
        tenant.reply_row(john, *row)
    assert tenant.login(john).accepted
    states = [text(Name.PROXY_STATE, bytes((number,)) * 250) for number in range(11)]
    for _ in range(2):
        reply = ask(tenant.router, tenant.router.request("john", PASSWORD, extra=states))
        assert reply.code == 3
        assert reply.values(Name.PROXY_STATE) == [value for _name, value in states]
    assert tenant.codes(3) == ["accept", "bad_reply_attribute", "bad_reply_attribute"]


def test_a_request_full_of_proxy_states_gets_no_answer_that_is_cut(tenant: Tenant) -> None:
    tenant.system.expect_log("authorize failed")
    tenant.system.expect_log("Proxy-State")
    tenant.customer()
    states = [text(Name.PROXY_STATE, bytes((number,)) * 253) for number in range(15)]
    assert tenant.router.ignored(tenant.router.request("john", PASSWORD, extra=states, mac=""))
