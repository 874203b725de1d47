"""A thousand planted secrets: none of them in any log, audit row, error, metric, or dump of the database, in clear."""

from __future__ import annotations

import logging
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask

from admin_api.settings import Settings
from tests.radius_client import AcctStatus, Chap
from tests.support.caller import Answer, Caller, Tenant
from tests.wire.system import System
from tests.wire.tenant import Tenant as WireTenant
from tests.wire.test_accounting import Session

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
    lines = "".join(f"import{tenant.id}-{number},{planted.new()},\n" for number in range(800))
    answers.append(Answer(staff.raw("POST", f"{_BASE}/import", data="username,password,service_plan_id\n" + lines)))
    answers.append(
        Answer(staff.raw("POST", f"{_BASE}/import", data=f"username,password,service_plan_id\n,{planted.new()},\n"))
    )
    for number in range(60):
        key = {"Idempotency-Key": planted.new()}
        answers.append(
            staff.post(
                _BASE, {"username": f"c{tenant.id}-{number}", "password": planted.new(), "service_plan_id": None}, key
            )
        )
    customer = f"{_BASE}/{answers[-1].data['id']}"
    for _ in range(20):
        answers.append(staff.patch(customer, {"password": planted.new()}))
        answers.append(
            staff.post(_BASE, {"username": f"c{tenant.id}-0", "password": planted.new(), "service_plan_id": None})
        )
        answers.append(staff.post(_BASE, {"password": planted.new() * 9}))
        answers.append(staff.post(_BASE, {"username": "x", "service_plan_id": -1, "password": planted.new()}))
        body = {"username": f"c{tenant.id}-1", "password": planted.new(), "nas_ip": "192.0.2.1"}
        answers.append(staff.post("/api/radius-api/auth", body))
    for number in range(8):
        body = {
            "name": "R",
            "ip_address": f"{tenant.block(66)}.{number}",
            "radius_secret": planted.new(),
        }
        created = admin.post("/api/devices", body | {"api_password": planted.new()})
        admin.patch(f"/api/devices/{created.data['id']}", {"api_password": planted.new()})
        answers.append(admin.get(f"/api/devices/{created.data['id']}"))
        answers.append(admin.post("/api/devices", body | {"radius_secret": planted.new()}))
        answers.append(admin.post("/api/devices", body | {"ip_address": "127.0.0.2", "radius_secret": planted.new()}))
        user = {"username": f"u{tenant.id}-{number}", "password": planted.new(), "role": "viewer"}
        answers += [admin.post("/api/users", user), admin.post("/api/users", user | {"password": planted.new()})]
        answers.append(Caller(app).post("/api/auth/login", {"username": planted.new(), "password": planted.new()}))
    answers.append(admin.patch(f"/api/isps/{tenant.id}", {"radius_secret": planted.new()}))
    return answers


def test_planted_secrets_are_nowhere_in_clear(
    app: APIFlask, tenant: Tenant, environment: dict[str, str], settings: Settings, caplog: pytest.LogCaptureFixture
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
        "PostgreSQL's log": (settings.state_dir / "log/postgres/current").read_text(errors="replace"),
    }
    assert "ERROR" in places["PostgreSQL's log"], "what failed above is in it, with its statements"
    for place, text in places.items():
        assert not planted.found_in(text), place
        assert tenant.api_key not in text and tenant.radius_secret not in text, place


@pytest.mark.long
def test_an_installation_that_runs_keeps_no_secret_in_any_file(
    running_app: APIFlask, operator: Caller, system: System
) -> None:
    """Passwords right and wrong, on the wire and over HTTP; then every file of STATE_DIR but the two meant for them."""
    planted, tenant = Planted(), WireTenant(system)
    inside = operator.inside(tenant.isp_id)
    plan = inside.post("/api/billing/plans", {"name": "p", "bandwidth_limit": 1, "simultaneous_use": 99}).data["id"]
    for number in range(12):
        name, word = f"planted{number}", planted.new()
        created = inside.post("/api/billing/customers", {"username": name, "password": word, "service_plan_id": plan})
        assert created.status == 201
        for password in (word, planted.new()):
            login = {"username": name, "password": password, "nas_ip": tenant.router.address}
            assert inside.post("/api/radius-api/auth", login).status == (200 if password == word else 403)
            for proof in (password, Chap(password.encode())):
                assert tenant.router.login(name, proof).accepted is (password == word)
    body = {"name": "R", "ip_address": system.new_address(), "radius_secret": planted.new()}
    device = inside.post("/api/devices", body | {"api_password": planted.new()}).data["id"]
    assert inside.patch(f"/api/devices/{device}", {"radius_secret": planted.new()}).status == 200
    klass = tenant.router.login("planted0", min(planted.all)).klass
    assert Session(tenant.router, "planted0", "80f00001", klass).send(AcctStatus.START)
    tenant.results(12 * 6 + 1)
    time.sleep(6)  # the snapshot is written every five seconds
    root = system.installation.settings.state_dir
    looked_at = {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if _is_to_be_read(root, path)
    }
    assert {"snapshot", "spool", "log", "pg"} <= {name.partition("/")[0] for name in looked_at}
    in_clear = [name for name, octets in looked_at.items() if re.search(rb"plant-\d{4}-\d{4}-ed", octets)]
    assert in_clear == []


def _is_to_be_read(root: Path, path: Path) -> bool:
    return path.is_file() and path not in (root / "demo.json", root / "secrets.env")
