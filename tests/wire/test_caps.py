"""What is left of an allowance arrives on the router exactly, however large, and never as "no limit"."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from models import Customer
from models.subscriptions.renewals import top_up
from tests.wire.router import PROTOCOLS, proof
from tests.wire.tenant import PASSWORD, Tenant

GIB4 = 1 << 32
GB = 10**9
CAPS = {
    "1 byte": 1, "4 GiB - 1": GIB4 - 1, "4 GiB": GIB4, "4 GiB + 1": GIB4 + 1, "5 GB": 5 * GB, "100 GB": 100 * GB,
    "10 TB": 10_000 * GB, "the most there is": (1 << 63) - 1,
}  # fmt: skip


@pytest.mark.parametrize("cap", CAPS)
def test_a_cap_arrives_exactly(tenant: Tenant, cap: str) -> None:
    john = tenant.on_plan(data_limit_bytes=CAPS[cap])
    for protocol in PROTOCOLS:
        assert tenant.login(john, proof(protocol, "john", PASSWORD)).limit == CAPS[cap]


def test_what_is_used_is_taken_off_to_the_last_octet(tenant: Tenant) -> None:
    john = tenant.on_plan(data_limit_bytes=10_000 * GB)
    for left in (9_999 * GB + 7, GIB4 + 1, GIB4, GIB4 - 1, 2, 1):
        tenant.has_used(john, 10_000 * GB - left)
        assert tenant.login(john).limit == left
    for used in (10_000 * GB, 10_000 * GB + 1, 30_000 * GB):
        tenant.has_used(john, used)
        assert not tenant.login(john).accepted
    assert tenant.codes(9)[6:] == ["quota_exceeded"] * 3


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_cap_of_nothing_is_a_refusal(tenant: Tenant, protocol: str) -> None:
    john = tenant.on_plan(data_limit_bytes=0)
    assert not tenant.login(john, proof(protocol, "john", PASSWORD)).accepted
    assert tenant.codes(1) == ["quota_exceeded"]


def test_a_plan_without_a_cap_sends_no_limit(tenant: Tenant) -> None:
    john = tenant.on_plan(data_limit_bytes=None)
    tenant.has_used(john, 10_000 * GB)
    answer = tenant.login(john)
    assert answer.accepted and answer.limit is None


def test_a_top_up_adds_to_the_cap(tenant: Tenant) -> None:
    john = tenant.on_plan(data_limit_bytes=5 * GB)
    tenant.has_used(john, 5 * GB)
    assert not tenant.login(john).accepted
    for expected in (GB, 2 * GB):
        with tenant.system.change() as session:
            top_up(session, session.get_one(Customer, (tenant.isp_id, john.id)), datetime.now(UTC), GB)
        assert tenant.login(john).limit == expected


def test_usage_and_top_ups_of_another_period_do_not_count(tenant: Tenant) -> None:
    john = tenant.on_plan(data_limit_bytes=5 * GB)
    key = "isp_id, customer_id, period_start"
    for into in (f"usage ({key}, bytes_in)", f"topups ({key}, data_bytes)"):
        tenant.system.sql(
            f"insert into {into} select isp_id, customer_id, period_start - interval '30 days', :octets"  # noqa: S608
            " from subscriptions where customer_id = :id",
            id=john.id, octets=5 * GB,
        )  # fmt: skip
    assert tenant.login(john).limit == 5 * GB


def test_a_throttled_plan_goes_on_slowly_and_without_a_limit_where_its_cap_ends(tenant: Tenant) -> None:
    john = tenant.on_plan(
        data_limit_bytes=5 * GB, bandwidth_limit=Decimal(20), over_limit="throttle", throttle_bandwidth=Decimal("0.512")
    )
    tenant.has_used(john, 5 * GB - 1)
    before = tenant.login(john)
    assert (before.rate, before.limit) == ("20M/20M", 1)
    tenant.has_used(john, 5 * GB)
    after = tenant.login(john)
    assert (after.accepted, after.rate, after.limit) == (True, "512k/512k", None)


@pytest.mark.parametrize(
    ("download", "upload", "rate"),
    [
        ("10", None, "10M/10M"),
        ("10", "2", "2M/10M"),
        ("0.5", "0.128", "128k/500k"),
        ("1000000", "1.5", "1500k/1000000M"),
    ],
)
def test_a_rate_is_upload_before_download(tenant: Tenant, download: str, upload: str | None, rate: str) -> None:
    limits = {"bandwidth_limit": Decimal(download), "upload_limit": None if upload is None else Decimal(upload)}
    assert tenant.login(tenant.on_plan(**limits)).rate == rate
