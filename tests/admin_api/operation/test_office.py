"""Extra RADIUS attributes, the quarantine, and what is shown once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from models.accounting.records import AccountingRecord
from radius_module.writer import quarantine
from tests.support.caller import Caller, Tenant

REASON = "the reason"
Rows = Callable[..., list[tuple[Any, ...]]]


@pytest.mark.parametrize("kind", ["customers", "plans"])
def test_an_attribute_comes_changes_and_goes(tenant: Tenant, rows: Rows, kind: str) -> None:
    owner = tenant.customer() if kind == "customers" else tenant.plan()
    base = f"/api/billing/{kind}/{owner['id']}/attributes"
    created = tenant.admin.post(base, {"attribute": "mikrotik-group", "op": "=", "value": "gold"})
    assert (created.status, created.data["attribute"], created.data["value"]) == (201, "Mikrotik-Group", "gold")
    address = f"{base}/{created.data['id']}"
    assert tenant.admin.patch(address, {"value": "silver"}).data["value"] == "silver"
    assert [row["value"] for row in tenant.viewer.get(base).data["items"]] == ["silver"]
    table = "radreply" if kind == "customers" else "radgroupreply"
    stored = f"select attribute, op, value, origin from {table} where isp_id = :isp and origin = 'operator'"  # noqa: S608
    assert rows(stored, isp=tenant.id) == [("Mikrotik-Group", "=", "silver", "operator")]
    assert tenant.admin.delete(address).status == 200
    assert tenant.viewer.get(base).data["items"] == [] and tenant.admin.delete(address).status == 404


@pytest.mark.parametrize("attribute, op, value", [
    ("No-Such-Attribute", ":=", "1"), ("Mikrotik-Data-Limit", ":=", "5"), ("Session-Timeout", ":=", "abc"),
    ("Session-Timeout", ":=", "-5"), ("Session-Timeout", ":=", "4294967296"), ("Session-Timeout", ":=", "3600.0"),
    ("Framed-IP-Address", ":=", "10.0.0.256"), ("Class", ":=", "0x01"), ("Message-Authenticator", ":=", "0x01"),
    ("Filter-Id", ":=", "x" * 248), ("Filter-Id", ":=", "a\0b"), ("Filter-Id", "==", "x"), ("Filter-Id", ":=", ""),
    ("", ":=", "x"), ("User-Password", ":=", "x"), ("Framed-IPv6-Prefix", ":=", "nonsense"), ("State", ":=", "0xzz"),
])  # fmt: skip
def test_what_no_dictionary_allows_is_refused_when_it_is_saved(
    tenant: Tenant, rows: Rows, attribute: str, op: str, value: str
) -> None:
    """FreeRADIUS would send something else, or nothing, and say Accept."""
    for base in (f"customers/{tenant.customer()['id']}", f"plans/{tenant.plan()['id']}"):
        body = {"attribute": attribute, "op": op, "value": value}
        answer = tenant.admin.post(f"/api/billing/{base}/attributes", body)
        assert (answer.status, answer.code) == (422, "invalid"), answer
        assert set(answer.data["errors"]) <= {"attribute", "op", "value"}
    assert rows("select 1 from radreply where isp_id = :isp and origin = 'operator'", isp=tenant.id) == []


def test_a_change_of_an_attribute_is_checked_like_a_new_one(tenant: Tenant) -> None:
    base = f"/api/billing/customers/{tenant.customer()['id']}/attributes"
    created = tenant.staff.post(base, {"attribute": "Idle-Timeout", "value": "60"}).data
    for change in ({"value": "soon"}, {"op": "=="}, {"value": "4294967296"}):
        assert tenant.staff.patch(f"{base}/{created['id']}", change).status == 422, change
    assert [row["value"] for row in tenant.staff.get(base).data["items"]] == ["60"]


def _report(tenant: Tenant, device_id: int, username: str) -> AccountingRecord:
    return AccountingRecord("Stop", tenant.id, device_id, b"s1", b"", username.encode(), 1_900_000_000.0, octets_in=5)


def test_what_was_put_aside_is_shown_booked_or_dropped(tenant: Tenant, rows: Rows, owner: Engine) -> None:
    customer, device = tenant.customer(username="ann"), tenant.device()
    with owner.begin() as connection:
        for name in ("ann", "bob"):
            quarantine.hold(connection, "node", _report(tenant, device["id"], name), REASON)
    held = tenant.viewer.get("/api/billing/quarantine").data["items"]
    assert [(row["reason"], row["record"]["username"]) for row in held] == [
        ("the reason", "ann"),
        ("the reason", "bob"),
    ]
    base = "/api/billing/quarantine"
    assert tenant.viewer.get(f"{base}/{held[0]['id']}").data == held[0]
    assert tenant.admin.post(f"{base}/{held[0]['id']}/submit").status == 200
    booked = "select acctinputoctets from radacct where customer_id = :id"
    assert rows(booked, id=customer["id"]) == [(5,)]
    assert tenant.admin.delete(f"{base}/{held[1]['id']}").status == 200
    assert tenant.viewer.get(base).data["total"] == 0
    log = tenant.admin.get("/api/audit-log?resource=quarantine").data["items"]
    assert [(row["action"], row["before"]["record"]["username"]) for row in log] == [
        ("delete", "bob"),
        ("submit", "ann"),
    ]


def test_what_still_cannot_be_booked_stays(tenant: Tenant, rows: Rows) -> None:
    held = rows("insert into quarantine (isp_id, node, reason, record, octets) values (:isp, 'n', 'r', '{}', 'x')"
                " returning id", isp=tenant.id)[0][0]  # fmt: skip
    answer = tenant.admin.post(f"/api/billing/quarantine/{held}/submit")
    assert (answer.status, answer.code) == (409, "not_bookable")
    assert tenant.viewer.get("/api/billing/quarantine").data["total"] == 1
    assert tenant.admin.get("/api/audit-log?resource=quarantine").data["total"] == 0


def test_secrets_are_shown_in_the_answer_that_makes_them_and_never_again(tenant: Tenant, superadmin: Caller) -> None:
    isp = superadmin.post("/api/isps", {"name": "Once"}).data
    device = tenant.device(api_password="routers-password")
    key = tenant.admin.post(f"/api/isps/{tenant.id}/rotate-key").data["api_key"]
    secret = tenant.admin.post(f"/api/devices/{device['id']}/rotate-secret").data["radius_secret"]
    shown = [isp["api_key"], isp["radius_secret"], device["radius_secret"], key, secret]
    assert all(len(secret) >= 32 for secret in shown) and len(set(shown)) == 5
    later = [superadmin.get(f"/api/isps/{isp['id']}"), superadmin.get("/api/isps?per_page=100"),
             tenant.admin.get(f"/api/isps/{tenant.id}"), tenant.admin.get(f"/api/devices/{device['id']}"),
             tenant.admin.get("/api/devices"), tenant.admin.get("/api/audit-log?per_page=100"),
             tenant.admin.patch(f"/api/devices/{device['id']}", {"name": "x"})]  # fmt: skip
    for answer in later:
        assert answer.status == 200
        assert not [secret for secret in (*shown, "routers-password") if secret in str(answer)], answer
