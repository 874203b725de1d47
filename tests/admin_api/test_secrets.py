"""A thousand planted secrets: none of them in any log, audit row, error, metric, or dump of the database, in clear."""

from __future__ import annotations

import logging
import re
import subprocess
from typing import Any

import pytest
from apiflask import APIFlask

from tests.admin_api.caller import Answer, Caller, Tenant

_BASE = "/api/billing/customers"


class Planted:
    """Makes secrets that can be told from everything else, and remembers them."""

    def __init__(self) -> None:
        self.all: set[str] = set()

    def new(self) -> str:
        secret = f"plant-{len(self.all):04d}-{len(self.all) * 7919 % 9973:04d}-ed"
        self.all.add(secret)
        return secret

    def found_in(self, text: str) -> set[str]:
        return self.all & set(re.findall(r"plant-\d{4}-\d{4}-ed", text))


def _plant(app: APIFlask, tenant: Tenant, planted: Planted) -> list[Answer]:
    """Every way a secret comes in, those that fail included; the answers that must not repeat it."""
    answers: list[Answer] = []
    staff, admin = tenant.staff, tenant.superadmin
    lines = "".join(f"import{tenant.id}-{number},{planted.new()}\n" for number in range(800))
    answers.append(Answer(staff.raw("POST", f"{_BASE}/import", data="username,password\n" + lines)))
    answers.append(Answer(staff.raw("POST", f"{_BASE}/import", data=f"username,password\n,{planted.new()}\n")))
    for number in range(60):
        key = {"Idempotency-Key": planted.new()}
        answers.append(staff.post(_BASE, {"username": f"c{tenant.id}-{number}", "password": planted.new()}, key))
    customer = f"{_BASE}/{answers[-1].data['id']}"
    for _ in range(20):
        answers.append(staff.patch(customer, {"password": planted.new()}))
        answers.append(staff.post(_BASE, {"username": f"c{tenant.id}-0", "password": planted.new()}))
        answers.append(staff.post(_BASE, {"password": planted.new() * 9}))
        answers.append(staff.post(_BASE, {"username": "x", "service_plan_id": -1, "password": planted.new()}))
        body = {"username": f"c{tenant.id}-1", "password": planted.new(), "nas_ip": "192.0.2.1"}
        answers.append(staff.post("/api/radius-api/auth", body))
    for number in range(8):
        body = {"name": "R", "ip_address": f"10.66.{tenant.id % 250}.{number}", "radius_secret": planted.new()}
        made = admin.post("/api/devices", body | {"api_password": planted.new()})
        admin.patch(f"/api/devices/{made.data['id']}", {"api_password": planted.new()})
        answers.append(admin.get(f"/api/devices/{made.data['id']}"))
        answers.append(admin.post("/api/devices", body | {"radius_secret": planted.new()}))
        answers.append(admin.post("/api/devices", body | {"ip_address": "127.0.0.2", "radius_secret": planted.new()}))
        user = {"username": f"u{tenant.id}-{number}", "password": planted.new(), "role": "viewer"}
        answers += [admin.post("/api/users", user), admin.post("/api/users", user | {"password": planted.new()})]
        answers.append(Caller(app).post("/api/auth/login", {"username": planted.new(), "password": planted.new()}))
    answers.append(admin.patch(f"/api/isps/{tenant.id}", {"radius_secret": planted.new()}))
    return answers


def test_planted_secrets_are_nowhere_in_clear(
    app: APIFlask, tenant: Tenant, environment: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    planted = Planted()
    answers = _plant(app, tenant, planted)
    planted.all |= {tenant.api_key, tenant.radius_secret}
    assert len(planted.all) >= 1000
    dump = subprocess.run(
        ["pg_dump", "--no-owner", environment["DATABASE_URL"]], capture_output=True, text=True, check=True
    ).stdout
    assert f"c{tenant.id}-59" in dump
    places: dict[str, Any] = {
        "an answer": "\n".join(str(answer) for answer in answers),
        "the log": caplog.text,
        "the audit log": str(tenant.superadmin.get("/api/audit-log?per_page=100").data),
        "the metrics": app.test_client().get("/metrics").get_data(as_text=True),
        "the database": dump,
    }
    for place, text in places.items():
        assert not planted.found_in(text), place
        assert tenant.api_key not in text and tenant.radius_secret not in text, place
