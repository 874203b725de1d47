"""Usage, sessions, logins and reports over rows as the writer leaves them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.caller import Tenant

Rows = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def used(tenant: Tenant, rows: Rows) -> dict[str, Any]:
    """A customer with 3 GB of 10 used, one open session and one past, and two refusals."""
    plan = tenant.plan(data_limit=10)
    device = tenant.device(name="=Roof")
    customer = tenant.customer(service_plan_id=plan["id"], username="Ann")
    ids = {"isp": tenant.id, "customer": customer["id"], "device": device["id"]}
    rows(
        "insert into usage (isp_id, customer_id, period_start, bytes_in, bytes_out)"
        " select isp_id, customer_id, period_start, 1000000000, 2000000000 from subscriptions"
        " where isp_id = :isp and customer_id = :customer",
        isp=tenant.id,
        customer=customer["id"],
    )
    rows(
        "insert into usage_daily (isp_id, customer_id, day, bytes_in, bytes_out) values"
        " (:isp, :customer, (now() at time zone 'UTC')::date, 1000000000, 2000000000)",
        isp=tenant.id,
        customer=customer["id"],
    )
    for unique, stop in (("a", "null"), ("b", "now()")):
        rows(
            "insert into radacct (isp_id, customer_id, device_id, acctuniqueid, acctsessionid, username, acctstarttime,"  # noqa: S608
            f" acctstoptime, acctinputoctets, acctoutputoctets, framedipaddress) values (:isp, :customer, :device,"
            f" '{unique}' || :customer, 's', 'ann', now() - interval '1 second', {stop}, 500000000, 1000000000,"
            " '10.9.8.7')",
            **ids,
        )
    for code in ("expired", "expired", "bad_password"):
        rows(
            "insert into radpostauth (isp_id, customer_id, device_id, username, reply, code)"  # noqa: S608
            f" values (:isp, :customer, :device, 'ann', 'Access-Reject', '{code}')",
            **ids,
        )
    rows(
        "insert into radpostauth (isp_id, customer_id, username, reply, code)"
        " values (:isp, :customer, 'ann', 'Access-Accept', 'accept')",
        isp=tenant.id,
        customer=customer["id"],
    )
    return customer


def test_a_customers_usage_is_what_the_books_hold(tenant: Tenant, used: dict[str, Any]) -> None:
    report = tenant.viewer.get("/api/billing/reports/usage/ANN").data
    assert (report["username"], report["bytes_in"], report["bytes_out"]) == ("Ann", 10**9, 2 * 10**9)
    assert (report["total_bytes"], report["data_limit_bytes"]) == (3 * 10**9, 10**10)
    assert report["remaining_bytes"] == 7 * 10**9
    assert len(report["daily"]) == 1 and report["daily"][0]["bytes_out"] == 2 * 10**9
    assert len(report["sessions"]) == 2
    assert {session["stop"] is None for session in report["sessions"]} == {True, False}
    session = report["sessions"][0]
    assert (session["framed_ip"], session["device"], session["bytes_in"]) == ("10.9.8.7", "=Roof", 5 * 10**8)


def test_a_customer_shows_what_is_used_and_left(tenant: Tenant, used: dict[str, Any]) -> None:
    shown = tenant.viewer.get(f"/api/billing/customers/{used['id']}").data
    assert (shown["used_bytes"], shown["remaining_bytes"]) == (3 * 10**9, 7 * 10**9)
    topup = tenant.staff.post(f"/api/billing/customers/{used['id']}/topups", {"data_gb": 0.000000001})
    assert (topup.status, topup.data["data_bytes"]) == (201, 1)
    assert tenant.viewer.get(f"/api/billing/customers/{used['id']}").data["remaining_bytes"] == 7 * 10**9 + 1


def test_the_report_of_nobody_is_a_404(tenant: Tenant, other_tenant: Tenant, used: dict[str, Any]) -> None:
    assert tenant.viewer.get("/api/billing/reports/usage/nobody").status == 404
    assert other_tenant.viewer.get("/api/billing/reports/usage/ann").status == 404


def test_sessions_are_listed_by_tenant_and_by_customer(tenant: Tenant, used: dict[str, Any]) -> None:
    online = tenant.viewer.get("/api/billing/sessions").data
    assert [row["stop"] for row in online["items"]] == [None]
    past = tenant.viewer.get("/api/billing/sessions?status=past").data
    assert past["total"] == 1 and past["items"][0]["stop"] is not None
    address = f"/api/billing/customers/{used['id']}/sessions"
    assert tenant.viewer.get(address).data["total"] == 2
    assert tenant.viewer.get(address + "?status=online").data["total"] == 1


def test_log_ins_tell_the_reason(tenant: Tenant, used: dict[str, Any]) -> None:
    logins = tenant.viewer.get(f"/api/billing/customers/{used['id']}/logins").data["items"]
    assert sorted(row["code"] for row in logins) == ["accept", "bad_password", "expired", "expired"]
    assert {row["code"] for row in logins if row["accepted"]} == {"accept"}


def test_reports_of_a_tenant(tenant: Tenant, used: dict[str, Any]) -> None:
    for by in ("day", "month"):
        usage = tenant.viewer.get(f"/api/billing/reports/usage?by={by}").data
        assert usage["total_bytes"] == 3 * 10**9 and len(usage["rows"]) == 1
    assert tenant.viewer.get("/api/billing/reports/online").data["online_sessions"] == 1
    refused = tenant.viewer.get("/api/billing/reports/refusals").data
    assert refused["by_code"] == {"expired": 2, "bad_password": 1}
    top = tenant.viewer.get("/api/billing/reports/top-users").data["rows"]
    assert [(row["username"], row["total_bytes"]) for row in top] == [("Ann", 3 * 10**9)]


@pytest.mark.parametrize("name", ["usage/ann", "usage", "online", "refusals", "top-users", "usage-by-customer"])
def test_every_report_is_also_a_table_and_a_chart(tenant: Tenant, used: dict[str, Any], name: str) -> None:
    table = tenant.viewer.raw("GET", f"/api/billing/reports/{name}?format=csv")
    lines = table.get_data(as_text=True).splitlines()
    assert table.status_code == 200 and table.mimetype == "text/csv" and len(lines) >= 2
    assert len({line.count(",") for line in lines}) == 1
    chart = tenant.viewer.raw("GET", f"/api/billing/reports/{name}?format=svg")
    text = chart.get_data(as_text=True)
    assert chart.status_code == 200 and chart.mimetype == "image/svg+xml"
    assert "<svg" in text and "<rect" in text and "<script" not in text


def test_cells_that_would_be_formulas_are_neutralised(tenant: Tenant, used: dict[str, Any]) -> None:
    table = tenant.viewer.raw("GET", "/api/billing/reports/online?format=csv").get_data(as_text=True)
    assert ",'=Roof," in table


@pytest.mark.parametrize("query", ["since=2030-02-30", "since=1", "since=2030-01-02&until=2030-01-01", "format=pdf"])
def test_days_that_cannot_be_are_refused(tenant: Tenant, used: dict[str, Any], query: str) -> None:
    for name in ("usage/ann", "usage"):
        assert tenant.viewer.get(f"/api/billing/reports/{name}?{query}").status == 422


def test_a_deleted_customers_sessions_stay(tenant: Tenant, used: dict[str, Any], rows: Rows) -> None:
    assert tenant.staff.delete(f"/api/billing/customers/{used['id']}").status == 200
    assert rows("select count(*) from radcheck where customer_id = :id", id=used["id"]) == [(0,)]
    assert rows("select count(*) from radacct where customer_id = :id", id=used["id"]) == [(2,)]
    top = tenant.viewer.get("/api/billing/reports/top-users").data["rows"]
    assert top[0]["username"] is None and top[0]["total_bytes"] == 3 * 10**9


def test_a_months_usage_of_everybody_is_a_file(tenant: Tenant, used: dict[str, Any]) -> None:
    plan = tenant.plan(name="Home")
    tenant.customer(username="idle", full_name="I. Dle", service_plan_id=plan["id"])
    rows = tenant.viewer.get("/api/billing/reports/usage-by-customer").data["rows"]
    assert [(row["username"], row["total_bytes"]) for row in rows] == [("Ann", 3 * 10**9), ("idle", 0)]
    assert (rows[1]["full_name"], rows[1]["plan"]) == ("I. Dle", "Home")
    table = tenant.viewer.raw("GET", "/api/billing/reports/usage-by-customer?format=csv").get_data().decode("utf-8-sig")
    assert table.splitlines()[0] == "customer_id,username,full_name,plan,bytes_in,bytes_out,total_bytes"
    assert table.splitlines()[1].endswith(",1000000000,2000000000,3000000000")
    tenant.staff.delete(f"/api/billing/customers/{used['id']}")
    gone = tenant.viewer.get("/api/billing/reports/usage-by-customer").data["rows"][0]
    assert (gone["username"], gone["total_bytes"]) == (None, 3 * 10**9)


def test_logins_of_the_tenant_are_listed_with_unknown_names(
    tenant: Tenant, other_tenant: Tenant, used: dict[str, Any], rows: Rows
) -> None:
    rows("insert into radpostauth (isp_id, username, reply, code) values (:isp, 'nobody', 'Access-Reject',"
         " 'unknown_customer')", isp=tenant.id)  # fmt: skip
    every = tenant.viewer.get("/api/billing/logins").data
    assert every["items"][0]["username"] == "nobody" and every["items"][0]["customer_id"] is None
    unknown = tenant.viewer.get("/api/billing/logins?code=unknown_customer&username=NOBODY").data
    assert [row["code"] for row in unknown["items"]] == ["unknown_customer"]
    assert tenant.viewer.get("/api/billing/logins?device_id=999999").data["total"] == 0
    assert tenant.viewer.get("/api/billing/logins?since=2020-01-01").status == 422
    assert other_tenant.viewer.get("/api/billing/logins").data["total"] == 0


def test_customers_whose_time_ends_within_days(tenant: Tenant) -> None:
    soon, later = datetime.now(UTC) + timedelta(days=2), datetime.now(UTC) + timedelta(days=9)
    for name, moment in (("soon", soon), ("later", later), ("over", datetime.now(UTC) - timedelta(days=1))):
        tenant.customer(username=name, expires_at=moment.isoformat())
    listed = tenant.viewer.get("/api/billing/customers?expiring_within=3").data["items"]
    assert [row["username"] for row in listed] == ["soon"]
    names = [row["username"] for row in tenant.viewer.get("/api/billing/customers?expiring_within=10").data["items"]]
    assert sorted(names) == ["later", "soon"]
