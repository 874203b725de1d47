"""Periods: renewals, expiry, plan changes, months of different lengths, through the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from tests.support.caller import Tenant

Rows = Callable[..., list[tuple[Any, ...]]]
BASE = "/api/billing/customers"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_first_period_is_the_plans(tenant: Tenant) -> None:
    for plan, wanted in (({"validity_days": 7}, timedelta(days=7)), ({}, timedelta(days=30))):
        customer = tenant.customer(service_plan_id=tenant.plan(**plan)["id"])
        left = _moment(customer["expires_at"]) - datetime.now(UTC)
        assert wanted - timedelta(minutes=1) < left <= wanted
    monthly = tenant.plan(validity_months=1)
    assert (monthly["validity_days"], monthly["validity_months"]) == (None, 1)


def test_renewals_add_up_from_the_end_and_come_back_to_their_day(tenant: Tenant, rows: Rows) -> None:
    plan = tenant.plan(validity_months=1, price="12.50")
    customer = tenant.customer(service_plan_id=plan["id"], expires_at="2031-01-31T12:00:00Z")
    ends = []
    for periods in (1, 1, 2):
        shown = tenant.staff.post(f"{BASE}/{customer['id']}/renew", {"periods": periods}).data
        ends.append(shown["expires_at"])
    assert [end[:10] for end in ends] == ["2031-02-28", "2031-03-31", "2031-05-31"]
    sold = rows("select period_start, period_end, price_minor from subscriptions where customer_id = :id order by 1",
                id=customer["id"])  # fmt: skip
    assert all(period[1] == following[0] for period, following in pairwise(sold))
    assert {row[2] for row in sold} == {1250}


def test_who_has_expired_is_shown_so_and_is_renewed_from_now(tenant: Tenant) -> None:
    plan = tenant.plan(validity_days=10)
    customer = tenant.customer(service_plan_id=plan["id"], expires_at="2020-01-01T00:00:00Z")
    address = f"{BASE}/{customer['id']}"
    assert customer["status"] == "expired"
    assert tenant.staff.post(f"{address}/activate").code == "expired"
    assert tenant.staff.post(f"{address}/topups", {"data_gb": 1}).code == "expired"
    shown = tenant.staff.post(f"{address}/renew").data
    left = _moment(shown["expires_at"]) - datetime.now(UTC)
    assert shown["status"] == "active" and timedelta(days=9, hours=23) < left <= timedelta(days=10)


def test_an_expired_status_set_by_hand_is_lifted_by_renewal_alone(tenant: Tenant) -> None:
    address = f"{BASE}/{tenant.customer()['id']}"
    assert tenant.staff.patch(address, {"status": "expired"}).data["status"] == "expired"
    assert tenant.staff.post(f"{address}/activate").code == "expired"
    assert tenant.staff.post(f"{address}/renew", {"periods": 2}).data["status"] == "active"


def test_a_suspension_outlives_a_renewal(tenant: Tenant) -> None:
    address = f"{BASE}/{tenant.customer()['id']}"
    tenant.staff.post(f"{address}/suspend")
    assert tenant.staff.post(f"{address}/renew").data["status"] == "suspended"
    assert tenant.staff.post(f"{address}/activate").data["status"] == "active"


def test_a_plan_change_keeps_the_periods_usage(tenant: Tenant, rows: Rows) -> None:
    small, large = (tenant.plan(data_limit=size)["id"] for size in (1, 10))
    customer = tenant.customer(service_plan_id=small)
    rows("insert into usage select isp_id, customer_id, period_start, 600000000, 0 from subscriptions"
         " where customer_id = :id", id=customer["id"])  # fmt: skip
    shown = tenant.staff.patch(f"{BASE}/{customer['id']}", {"service_plan_id": large}).data
    assert (shown["used_bytes"], shown["remaining_bytes"]) == (6 * 10**8, 94 * 10**8)
    renewed = tenant.staff.post(f"{BASE}/{customer['id']}/renew").data
    assert renewed["used_bytes"] == 6 * 10**8  # the period that was paid ahead has not begun


def test_no_period_ends_beyond_the_calendar(tenant: Tenant) -> None:
    plan = tenant.plan(validity_days=3650)
    customer = tenant.customer(service_plan_id=plan["id"], expires_at="2999-01-01T00:00:00Z")
    answer = tenant.staff.post(f"{BASE}/{customer['id']}/renew", {"periods": 120})
    assert (answer.status, list(answer.data["errors"])) == (422, ["periods"])


def test_a_plan_that_customers_have_stays(tenant: Tenant) -> None:
    plan, other = tenant.plan(), tenant.plan()
    customer = tenant.customer(service_plan_id=plan["id"])
    assert tenant.admin.delete(f"/api/billing/plans/{plan['id']}").code == "in_use"
    tenant.staff.patch(f"{BASE}/{customer['id']}", {"service_plan_id": other["id"]})
    assert tenant.admin.delete(f"/api/billing/plans/{plan['id']}").status == 200
    assert tenant.admin.patch(f"/api/billing/plans/{other['id']}", {"is_active": False}).status == 200
    body = {"username": "n", "password": "p", "service_plan_id": other["id"]}
    assert tenant.staff.post(BASE, body).status == 422


def test_numbers_are_exact(tenant: Tenant) -> None:
    plan = tenant.plan(data_limit=123456.123456789, price=0.1, bandwidth_limit=2.5, upload_limit="0.064")
    assert plan["data_limit_bytes"] == 123456123456789 and plan["data_limit"] == 123456.123456789
    assert (plan["price"], plan["bandwidth_limit"], plan["upload_limit"]) == ("0.10", 2.5, 0.064)
    for field, value in (("data_limit", 0.0000000001), ("data_limit", -1), ("price", -1), ("price", "1.005"),
                         ("bandwidth_limit", 0), ("bandwidth_limit", 1_000_001), ("session_timeout", 357_913),
                         ("session_timeout", 0), ("validity_days", 3651), ("name", ""), ("name", "x" * 201),
                         ("over_limit", "throttle"), ("simultaneous_use", 0)):  # fmt: skip
        answer = tenant.superadmin.post("/api/billing/plans", {"name": "P", field: value})
        assert answer.status == 422, (field, value)
    assert tenant.plan(data_limit=0)["data_limit_bytes"] == 0


def test_passwords_are_kept_exactly_within_their_length(tenant: Tenant) -> None:
    for password, status in (
        ("é" * 64, 201),
        ("é" * 65, 422),
        ("", 422),
        ("a\0b", 422),
        (' "\\', 201),
        ("x" * 128, 201),
    ):
        answer = tenant.staff.post(
            BASE, {"username": f"u{len(password)}{status}", "password": password, "service_plan_id": None}
        )
        assert answer.status == status, password
        assert "password" not in answer.data


def test_a_customer_who_never_expires_is_shown_and_changed(tenant: Tenant, rows: Rows) -> None:
    customer = tenant.customer()
    rows("update customers set expires_at = 'infinity' where id = :id", id=customer["id"])
    address = f"{BASE}/{customer['id']}"
    assert tenant.staff.get(address).data["status"] == "active"
    assert tenant.staff.get(BASE).status == 200
    assert tenant.staff.patch(address, {"phone": "1"}).status == 200
    assert tenant.staff.get(f"{address}/explain").status == 200
    assert tenant.staff.post(f"{address}/renew").status == 422
    assert tenant.staff.raw("GET", f"{BASE}?format=csv").status_code == 200
    assert tenant.staff.get(f"/api/billing/reports/usage/{customer['username']}").status == 200
