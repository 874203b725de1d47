"""What an operator wrote into radreply and radgroupreply arrives, and what cannot be sent is a refusal, not a gift."""

from __future__ import annotations

import pytest

from tests.radius_client import MIKROTIK, Name, vendor
from tests.wire.router import PROTOCOLS, proof
from tests.wire.tenant import PASSWORD, Person, Tenant

GB = 10**9
FRAMED_ROUTE, FILTER_ID, PORT_LIMIT, CLASS, DELEGATED_PREFIX, WISPR = 22, 11, 62, 25, 123, 14122
ADDRESS_LIST, GROUP = 19, 3


def test_rows_of_the_customers_own_are_sent(tenant: Tenant) -> None:
    john = tenant.customer()
    for attribute, op, value in (
        ("Framed-Route", "+=", "10.1.0.0/16 10.0.0.2 1"),
        ("Framed-Route", "+=", "10.2.0.0/16 10.0.0.2 1"),
        ("Filter-Id", "=", 'a "quoted" \\ filter %{User-Name}'),
        ("Port-Limit", ":=", "4294967295"),
        ("Service-Type", "=", "Framed-User"),
        ("Delegated-IPv6-Prefix", "=", "2001:db8:1::/48"),
        ("Mikrotik-Address-List", "+=", "zahlende-gäste"),
        ("Mikrotik-Group", ":=", "full"),
        ("WISPr-Bandwidth-Max-Down", "=", "0"),
    ):
        tenant.reply_row(john, attribute, op, value)
    for protocol in PROTOCOLS:
        reply = tenant.login(john, proof(protocol, "john", PASSWORD)).reply
        assert reply.values(FRAMED_ROUTE) == [b"10.1.0.0/16 10.0.0.2 1", b"10.2.0.0/16 10.0.0.2 1"]
        assert reply.values(FILTER_ID) == [b'a "quoted" \\ filter %{User-Name}']
        assert reply.integers(PORT_LIMIT) == [4294967295]
        assert reply.integers(Name.SERVICE_TYPE) == [2]
        assert reply.values(DELEGATED_PREFIX) == [bytes.fromhex("003020010db80001") + bytes(10)]
        assert reply.vendor_values(MIKROTIK, ADDRESS_LIST) == ["zahlende-gäste".encode()]
        assert reply.vendor_values(MIKROTIK, GROUP) == [b"full"]
        assert reply.vendor_integers(WISPR, 8) == [0]


def test_operators_of_rows_mean_what_freeradius_means(tenant: Tenant) -> None:
    """`=` unless there is one, `:=` instead of what there is, `+=` besides."""
    john = tenant.customer(plan=tenant.plan(idle_timeout=10))
    tenant.reply_row(john, "Mikrotik-Rate-Limit", "=", "1M/1M")
    assert tenant.login(john).rate == "10M/10M"
    tenant.reply_row(john, "Mikrotik-Rate-Limit", ":=", "3M/3M")
    assert tenant.login(john).rate == "3M/3M"
    tenant.reply_row(john, "Filter-Id", "=", "first")
    tenant.reply_row(john, "Filter-Id", "=", "second")
    assert tenant.login(john).reply.values(FILTER_ID) == [b"first"]
    tenant.reply_row(john, "Filter-Id", "+=", "third")
    assert tenant.login(john).reply.values(FILTER_ID) == [b"first", b"third"]
    tenant.reply_row(john, "Filter-Id", ":=", "last")
    assert tenant.login(john).reply.values(FILTER_ID) == [b"last"]


def test_rows_of_a_plans_group_reach_its_customers_and_nobody_else(tenant: Tenant, other_tenant: Tenant) -> None:
    plan = tenant.plan()
    john, jane = tenant.customer(plan=plan), tenant.customer("jane", plan=tenant.plan())
    stranger = other_tenant.customer()
    for isp_id, value in ((tenant.isp_id, "ours"), (other_tenant.isp_id, "foreign")):
        tenant.system.sql(
            "insert into radgroupreply (isp_id, groupname, attribute, op, value)"
            " values (:isp, :group, 'Filter-Id', '=', :value)",
            isp=isp_id, group=f"plan_{plan}", value=value,
        )  # fmt: skip
    assert tenant.login(john).reply.values(FILTER_ID) == [b"ours"]
    assert tenant.login(jane).reply.values(FILTER_ID) == []
    assert other_tenant.login(stranger).reply.values(FILTER_ID) == []


def test_an_inactive_row_is_not_sent(tenant: Tenant) -> None:
    john = tenant.customer()
    tenant.reply_row(john, "Filter-Id", "=", "x")
    tenant.system.sql("update radreply set is_active = false where customer_id = :id", id=john.id)
    assert tenant.login(john).reply.values(FILTER_ID) == []


@pytest.mark.parametrize(
    ("attribute", "op", "value"),
    [
        ("Mikrotik-Data-Limit", "=", "5000000000"),
        ("Mikrotik-Recv-Limit", "=", "4294967296"),
        ("Mikrotik-Recv-Limit", "=", "-5"),
        ("Session-Timeout", "=", "3600.0"),
        ("Session-Timeout", "=", "abc"),
        ("Session-Timeout", "=", ""),
        ("Mikrotik-Total-Limit", ":=", "1"),
        ("Framed-IP-Address", ":=", "10.0.0.256"),
        ("Filter-Id", "=", "x" * 254),
        ("Filter-Id", "==", "x"),
        ("Message-Authenticator", ":=", "0x00000000000000000000000000000000"),
        ("Auth-Type", ":=", "Accept"),
        ("Class", ":=", "0x01"),
        ("Service-Type", "=", "Nonsense"),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_a_refusal_and_an_error_in_the_log(
    tenant: Tenant, attribute: str, op: str, value: str
) -> None:
    john: Person = tenant.on_plan(data_limit_bytes=5 * GB)
    tenant.system.expect_log(f"customer {john.id}: refused, the answer cannot be sent")
    tenant.reply_row(john, attribute, op, value)
    for protocol in PROTOCOLS:
        answer = tenant.login(john, proof(protocol, "john", PASSWORD))
        assert not answer.accepted
        assert answer.message == "The service is not set up correctly. Please tell your provider."
    assert tenant.codes(len(PROTOCOLS)) == ["bad_reply_attribute"] * len(PROTOCOLS)
    assert f"customer {john.id}: refused, the answer cannot be sent: {attribute}" in tenant.system.log("auth")
    tenant.system.sql("delete from radreply where customer_id = :id", id=john.id)
    assert tenant.login(john).limit == 5 * GB


def test_a_static_address_wins_over_the_plans_pool(tenant: Tenant) -> None:
    plan = tenant.plan(address_pool='the "hotspot" pool\\')
    floating, fixed = tenant.customer("floating", plan=plan), tenant.customer("fixed", plan=plan, static_ip="10.9.8.7")
    answer = tenant.login(floating)
    assert (answer.address, answer.pool) == (None, 'the "hotspot" pool\\')
    answer = tenant.login(fixed)
    assert (answer.address, answer.pool) == ("10.9.8.7", None)


def test_a_customer_without_a_plan_gets_service_without_rate_and_limit(tenant: Tenant) -> None:
    john = tenant.customer(no_plan=True, static_ip="10.9.8.6")
    answer = tenant.login(john)
    assert (answer.accepted, answer.rate, answer.limit, answer.address) == (True, None, None, "10.9.8.6")


def test_a_vendors_attribute_of_the_request_is_not_echoed(tenant: Tenant) -> None:
    john = tenant.customer()
    asked = [vendor(MIKROTIK, (GROUP, b"full")), (Name.CLASS.value, b"stolen"), (FILTER_ID, b"mine")]
    reply = tenant.router.login(john.username, PASSWORD, extra=asked).reply
    assert reply.vendor_values(MIKROTIK, GROUP) == []
    assert reply.values(FILTER_ID) == []
    assert reply.values(CLASS) != [b"stolen"]
