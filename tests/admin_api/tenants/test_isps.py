"""Tenants come, are suspended, go: by a superadmin inside of them, inside of another, and outside of any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.caller import Caller, Tenant

Rows = Callable[..., list[tuple[Any, ...]]]


@pytest.mark.parametrize("where", ["inside", "elsewhere", "outside"])
def test_a_superadmin_suspends_and_deletes_from_wherever_he_works(
    superadmin: Caller, tenant: Tenant, other_tenant: Tenant, rows: Rows, where: str
) -> None:
    caller = {"inside": tenant.superadmin, "elsewhere": other_tenant.superadmin, "outside": superadmin}[where]
    address = f"/api/isps/{tenant.id}"
    assert caller.post(f"{address}/suspend").data["status"] == "suspended"
    assert rows("select isp_id, customer_id, kind, reason from outbox where isp_id in (:first, :second)",
                first=tenant.id, second=other_tenant.id) == [
        (tenant.id, None, "disconnect", "isp_suspended")]  # fmt: skip
    assert caller.post(f"{address}/activate").data["status"] == "active"
    assert len(caller.post(f"{address}/rotate-key").data["api_key"]) >= 32
    plan = tenant.plan()
    assert caller.delete(address).code == "in_use"
    assert tenant.superadmin.delete(f"/api/billing/plans/{plan['id']}").status == 200
    assert tenant.admin.get("/api/auth/me").status == 200
    assert caller.delete(address).status == 200
    assert superadmin.get(address).status == 404
    assert tenant.admin.get("/api/auth/me").status == 401
    kept = rows("select count(*) from audit_log where resource = 'isps' and resource_id = :isp", isp=tenant.id)
    assert kept[0][0] >= 4


def test_an_admin_changes_his_own_isp_and_nothing_of_its_standing(tenant: Tenant, other_tenant: Tenant) -> None:
    assert (
        tenant.admin.patch(f"/api/isps/{tenant.id}", {"timezone": "Africa/Nairobi"}).data["timezone"]
        == "Africa/Nairobi"
    )
    assert tenant.admin.patch(f"/api/isps/{tenant.id}", {"timezone": "Nowhere"}).status == 422
    assert tenant.admin.patch(f"/api/isps/{tenant.id}", {"status": "suspended"}).status == 403
    assert tenant.admin.patch(f"/api/isps/{other_tenant.id}", {"name": "x"}).status == 404
    assert [isp["id"] for isp in tenant.admin.get("/api/isps").data["items"]] == [tenant.id]


def test_a_superadmin_who_names_no_isp_is_asked_for_one(superadmin: Caller, tenant: Tenant) -> None:
    assert superadmin.get("/api/billing/customers").code == "isp_required"
    for value, status in ((str(2**40), 404), ("x", 400), ("-1", 400), ("1 or 1=1", 400)):
        assert superadmin.call("GET", "/api/billing/customers", headers={"X-ISP-ID": value}).status == status


def test_a_device_can_take_its_isps_secret(tenant: Tenant) -> None:
    assert tenant.device(radius_secret="isp")["radius_secret"] == tenant.radius_secret
    assert len(tenant.device()["radius_secret"]) >= 32
    assert tenant.device(radius_secret="my-own-secret")["radius_secret"] == "my-own-secret"
