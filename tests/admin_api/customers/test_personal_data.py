"""What a person may ask for: everything that is kept about them, and to be forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.caller import Tenant

Ask = Callable[..., list[tuple[object, ...]]]


@pytest.fixture
def customer(tenant: Tenant, rows: Ask) -> int:
    """With something of every kind."""
    plan = tenant.admin.post("/api/billing/plans", {"name": "Gold", "price": "9.90", "data_limit": 5}).data["id"]
    body = {"username": "ada", "password": "opensesame", "full_name": "Ada Lovelace", "service_plan_id": plan}
    customer_id: int = tenant.admin.post("/api/billing/customers", body).data["id"]
    path = f"/api/billing/customers/{customer_id}"
    assert tenant.admin.post(f"{path}/topups", {"data_gb": 1}).status == 201
    assert tenant.admin.post(f"{path}/usage-corrections", {"bytes_in": 5, "reason": "r"}).status == 201
    assert tenant.admin.post(f"{path}/attributes", {"attribute": "Filter-Id", "value": "own"}).status == 201
    assert tenant.admin.post(f"{path}/disconnect").status == 202
    rows("insert into radacct (isp_id, acctsessionid, customer_id, username, acctstoptime)"
         " values (:isp, 's1', :customer, 'ada', now())", isp=tenant.id, customer=customer_id)  # fmt: skip
    rows("insert into radpostauth (isp_id, username, customer_id, reply, code)"
         " values (:isp, 'ada', :customer, 'Access-Accept', 'accept')",
         isp=tenant.id, customer=customer_id)  # fmt: skip
    return customer_id


def test_everything_that_is_kept_is_in_it_and_no_password(tenant: Tenant, customer: int) -> None:
    answer = tenant.admin.get(f"/api/billing/customers/{customer}/personal-data")
    assert answer.status == 200
    data: dict[str, Any] = answer.data
    assert data["customer"]["full_name"] == "Ada Lovelace"
    assert [row["acctsessionid"] for row in data["sessions"]] == ["s1"]
    assert [row["code"] for row in data["logins"]] == ["accept"]
    assert [row["price"] for row in data["periods"]] == ["9.90"]
    assert [row["value"] for row in data["reply_attributes"] if row["attribute"] == "Filter-Id"] == ["own"]
    assert [row["bytes_in"] for row in data["usage_corrections"]] == [5]
    assert {row["action"] for row in data["changes"]} >= {"create", "disconnect"}
    assert len(data["topups"]) == 1 and len(data["charges"]) >= 1
    assert "opensesame" not in json.dumps(data)


@pytest.mark.parametrize("role", ["staff", "viewer", "cashier", "machine"])
def test_only_an_admin_reads_it_and_forgets(tenant: Tenant, customer: int, role: str) -> None:
    caller = getattr(tenant, role)
    assert caller.get(f"/api/billing/customers/{customer}/personal-data").status == 403
    assert caller.post(f"/api/billing/customers/{customer}/erase").status == 403
    assert caller.get("/api/billing/erasures").status == 403


def test_a_forgotten_customer_is_gone_and_listed_by_number_alone(tenant: Tenant, customer: int, rows: Ask) -> None:
    answer = tenant.admin.post(f"/api/billing/customers/{customer}/erase")
    assert (answer.status, answer.data["customer_id"], answer.data["done_at"]) == (202, customer, None)
    assert tenant.admin.get(f"/api/billing/customers/{customer}").status == 404
    assert rows("select count(*) from radcheck where customer_id = :id", id=customer) == [(0,)]
    [listed] = tenant.admin.get("/api/billing/erasures").data["items"]
    assert listed == answer.data and "ada" not in json.dumps(listed)
    [last] = tenant.admin.get("/api/audit-log?action=erase").data["items"]
    assert (last["resource_id"], last["before"], last["after"]) == (customer, None, None)


def test_an_account_that_is_not_even_is_settled_first(tenant: Tenant, customer: int) -> None:
    payment = {"customer_id": customer, "amount": "5.00", "method": "cash", "reference": f"r{customer}"}
    assert tenant.admin.post("/api/billing/payments", payment).status == 201
    answer = tenant.admin.post(f"/api/billing/customers/{customer}/erase")
    assert (answer.status, answer.data["code"]) == (409, "open_balance")
    assert tenant.admin.get(f"/api/billing/customers/{customer}").status == 200


def test_how_long_what_is_kept_is_a_setting_of_the_tenant(tenant: Tenant) -> None:
    path = f"/api/isps/{tenant.id}"
    shown = tenant.admin.get(path).data
    names = ("retention_months", "login_retention_months", "audit_retention_months", "request_retention_days",
             "quarantine_retention_days")  # fmt: skip
    assert [shown[name] for name in names] == [24, None, 24, 90, 365]
    wanted = dict(zip(names, (12, 2, 6, 30, 14), strict=True))
    assert tenant.admin.patch(path, wanted).status == 200
    assert {name: tenant.admin.get(path).data[name] for name in names} == wanted
    assert tenant.admin.patch(path, {"login_retention_months": None}).data["login_retention_months"] is None
    for name, least in (("audit_retention_months", 2), ("request_retention_days", 6), ("quarantine_retention_days", 6)):
        assert tenant.admin.patch(path, {name: least}).status == 422
        assert tenant.admin.patch(path, {name: None}).status == 422
