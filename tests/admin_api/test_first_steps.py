"""A new tenant from nothing, with the bodies that users' scripts send."""

from __future__ import annotations

from apiflask import APIFlask

from tests.admin_api.caller import Caller, Tenant


def test_a_tenant_is_set_up_with_the_bodies_of_the_first_guide(app: APIFlask, superadmin: Caller) -> None:
    isp = superadmin.post(
        "/api/isps",
        {
            "name": "My ISP",
            "company_name": "My Company Ltd",
            "email": "admin@myisp.com",
            "api_key": "auto-generated",
            "radius_secret": "auto-generated",
        },
    )
    assert isp.status == 201, isp
    assert len(isp.data["api_key"]) >= 32 and len(isp.data["radius_secret"]) >= 32
    inside = superadmin.inside(isp.data["id"])
    plan = inside.post(
        "/api/billing/plans",
        {
            "name": "Basic Plan",
            "description": "10 Mbps",
            "price": 29.99,
            "bandwidth_limit": 10,
            "data_limit": 100,
            "session_timeout": 1440,
        },
    )
    assert plan.status == 201, plan
    assert plan.data["price"] == "29.99" and plan.data["bandwidth_limit"] == 10
    assert plan.data["data_limit"] == 100 and plan.data["data_limit_bytes"] == 100 * 10**9
    machine = Caller(app, {"X-API-Key": isp.data["api_key"]})
    customer = machine.post(
        "/api/billing/customers",
        {
            "full_name": "John Doe",
            "email": "john@example.com",
            "phone": "+1234567890",
            "address": "123 Main St",
            "service_plan_id": plan.data["id"],
            "password": "customer123",
        },
    )
    assert customer.status == 201, customer
    assert customer.data["username"] == "john@example.com" and customer.data["status"] == "active"
    assert customer.data["used_bytes"] == 0 and customer.data["remaining_bytes"] == 100 * 10**9
    assert machine.post(f"/api/billing/customers/{customer.data['id']}/suspend").data["status"] == "suspended"
    assert machine.post(f"/api/billing/customers/{customer.data['id']}/activate").data["status"] == "active"


def test_every_kind_of_row_is_created_listed_read_changed_and_deleted(tenant: Tenant) -> None:
    plan, device, customer = tenant.plan(), tenant.device(), tenant.customer()
    for base, made, change in (
        ("/api/billing/plans", plan, {"price": "12.50"}),
        ("/api/devices", device, {"name": "Roof"}),
        ("/api/billing/customers", customer, {"phone": "+254"}),
    ):
        address = f"{base}/{made['id']}"
        assert [row["id"] for row in tenant.superadmin.get(base).data["items"]] == [made["id"]]
        assert tenant.superadmin.get(address).status == 200
        for method in ("PUT", "PATCH"):
            changed = tenant.superadmin.call(method, address, change)
            assert changed.status == 200 and change.items() <= changed.data.items()
        assert tenant.superadmin.delete(address).status == 200
        assert tenant.superadmin.get(address).status == 404
