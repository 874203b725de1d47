"""The routes about routers themselves: what the worker is asked, how its failures are answered, and what is audited."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from apiflask import APIFlask

from radius_module.ipc import device_call
from tests.support import device_worker
from tests.support.caller import Caller, Tenant


@pytest.fixture
def path(tenant: Tenant) -> str:
    return f"/api/devices/{tenant.device()['id']}"


def failing(monkeypatch: pytest.MonkeyPatch, kind: str, **answer: Any) -> None:
    monkeypatch.setitem(device_worker.ANSWERS, kind, {"text": "No.", "fingerprint": None} | answer)


@pytest.mark.parametrize(("failed", "status"), [
    ("bad_login", 409), ("foreign_setup", 409), ("busy", 503), ("librouteros_missing", 503), ("failed", 503),
])  # fmt: skip
def test_a_failure_has_its_code(
    tenant: Tenant, path: str, monkeypatch: pytest.MonkeyPatch, failed: str, status: int
) -> None:
    failing(monkeypatch, "reconcile", failed=failed)
    answer = tenant.admin.post(f"{path}/reconcile")
    assert (answer.status, answer.code) == (status, failed)
    assert tenant.admin.get(path).status == 200, "the others answer"


def test_a_certificate_that_is_not_pinned_is_shown(tenant: Tenant, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, "sessions", failed="certificate_unknown", fingerprint="ab" * 32)
    assert tenant.admin.get(f"{path}/sessions").data["fingerprint"] == "ab" * 32
    pinned = tenant.admin.patch(path, {"api_fingerprint": ":".join(["AB"] * 32)})
    assert pinned.data["api_fingerprint"] == "ab" * 32
    assert tenant.admin.patch(path, {"api_fingerprint": "abc"}).status == 422


def test_without_a_worker_these_routes_alone_are_unavailable(
    tenant: Tenant, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: object) -> dict[str, Any]:
        raise device_call.WorkerUnavailable

    monkeypatch.setattr(device_call, "call", unavailable)
    answer = tenant.admin.post(f"{path}/test")
    assert (answer.status, answer.code) == (503, "worker_unavailable")
    assert answer.headers["Retry-After"]
    assert tenant.admin.raw("GET", f"{path}/script?server=203.0.113.10").status_code == 200


def test_the_worker_is_asked_in_the_tenant_and_as_a_dry_run(
    tenant: Tenant, path: str, device_calls: list[dict[str, Any]]
) -> None:
    assert tenant.admin.post(f"{path}/configure", {"services": ["ppp"], "server": "203.0.113.10"}).status == 200
    assert device_calls[-1] == {
        "kind": "configure", "isp_id": tenant.id, "device_id": int(path.rpartition("/")[2]), "services": ["ppp"],
        "server": "203.0.113.10", "dry_run": True,
    }  # fmt: skip
    for body in ({"server": "::"}, {"server": "radius.example.com"}, {"services": ["dhcp"]}, {"services": []}):
        assert tenant.admin.post(f"{path}/configure", body).status == 422, body


def test_what_is_done_is_audited_and_a_dry_run_is_not(tenant: Tenant, path: str) -> None:
    for dry_run in (True, False):
        tenant.admin.post(f"{path}/configure", {"server": "203.0.113.10", "dry_run": dry_run})
    tenant.admin.post(f"{path}/reconcile")
    actions = [row["action"] for row in tenant.admin.get("/api/audit-log?per_page=100").data["items"]]
    assert (actions.count("configure"), actions.count("reconcile")) == (1, 1)


def script_of(caller: Caller, path: str, query: str) -> str:
    response = caller.raw("GET", f"{path}/script?{query}")
    assert response.status_code == 200 and response.content_type == "text/plain; charset=utf-8"
    text: str = response.get_data(as_text=True)
    return text


def test_the_secret_is_in_the_script_for_who_asks_and_in_the_audit_log_then(tenant: Tenant) -> None:
    device = tenant.device(radius_secret="pa$word-of-the-router")
    path = f"/api/devices/{device['id']}"
    assert "word-of-the-router" not in script_of(tenant.admin, path, "server=203.0.113.10")
    assert script_of(tenant.admin, path, "server=203.0.113.10&secret=1").count(r'secret="pa\$word-of-the-router"') == 2
    shown = [row for row in tenant.admin.get("/api/audit-log?per_page=100").data["items"]
             if row["action"] == "show-secret"]  # fmt: skip
    assert len(shown) == 1 and "word-of" not in str(shown)
    assert tenant.staff.raw("GET", f"{path}/script?server=203.0.113.10").status_code == 403


@pytest.mark.parametrize("query", ["services=dhcp", "services=ppp,ppp", "services=", "server=x", "secret=yes", "p=1"])
def test_a_script_for_nothing_known_is_refused(tenant: Tenant, path: str, query: str) -> None:
    assert tenant.admin.get(f"{path}/script?{query}").status == 422


def test_the_pages_carry_the_isps_name(tenant: Tenant, path: str, app: APIFlask) -> None:
    tenant.superadmin.patch(f"/api/isps/{tenant.id}", {"company_name": "Wi-Fi & Söhne"})
    response = tenant.admin.raw("GET", f"{path}/hotspot.zip?color=%230f766e&language=fr")
    assert response.content_type == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.get_data())) as zipped:
        page = zipped.read("infora/login.html").decode()
    assert "<h1>Wi-Fi &amp; Söhne</h1>" in page and "Se connecter" in page
    for query in ("color=red", "language=de"):
        assert tenant.admin.get(f"{path}/hotspot.zip?{query}").status == 422
