"""A device on which a customer is online stays; what nobody has there does not keep it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.caller import Tenant

Rows = Callable[..., list[tuple[Any, ...]]]
_OPEN = ("insert into radacct (isp_id, device_id, acctsessionid, username, customer_id, acctstarttime) "
         "values (:isp, :device, 'x', :name, :customer, now()) returning customer_id")  # fmt: skip


def test_sessions_of_nobody_and_of_deleted_customers_do_not_keep_a_device(tenant: Tenant, rows: Rows) -> None:
    device = tenant.device(ip_address=f"{tenant.block(78)}.0/24")["id"]
    gone = tenant.customer(username="gone")
    for customer in (None, gone["id"]):
        rows(_OPEN, isp=tenant.id, device=device, name="T-02:00:00:00:00:01", customer=customer)
    assert tenant.admin.delete(f"/api/devices/{device}").code == "in_use"
    assert tenant.admin.delete(f"/api/billing/customers/{gone['id']}").status == 200
    assert tenant.admin.delete(f"/api/devices/{device}").status == 200


def test_accounting_over_http_under_another_name_is_whom_the_class_says(tenant: Tenant, rows: Rows) -> None:
    tenant.device(ip_address=f"{tenant.block(79)}.0/24")
    ann, bob = tenant.customer(username="ann"), tenant.customer(username="bob")
    address = f"{tenant.block(79)}.9"
    login = tenant.machine.post(
        "/api/radius-api/auth", {"username": "ann", "password": "customer123", "nas_ip": address}
    )
    body = {"status_type": "Interim-Update", "session_id": "1", "username": "bob", "nas_ip": address,
            "session_time": 60, "input_octets": 7, "class": login.data["reply"]["Class"]}  # fmt: skip
    assert tenant.machine.post("/api/radius-api/accounting", body).status == 200
    assert rows("select customer_id, bytes_in from usage where isp_id = :isp", isp=tenant.id) == [(ann["id"], 7)]
    wrong = tenant.machine.post("/api/radius-api/accounting", body | {"class": "no hex"})
    assert wrong.status == 422
    assert bob["id"] != ann["id"]
