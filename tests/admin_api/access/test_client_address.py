"""Callers behind proxies: whose address counts, and that nobody becomes this machine by passing through one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from apiflask import APIFlask

from admin_api import create_app
from admin_api.access.client_address import FORWARDING, caller_of
from admin_api.settings import Settings
from tests.support.caller import PASSWORD, Answer, Tenant


@pytest.fixture(scope="module")
def proxied(settings: Settings) -> Iterator[APIFlask]:
    app = create_app(replace(settings, trusted_proxies=1, login_failures_allowed=10))
    yield app
    app.extensions["infora"].engine.dispose()


@pytest.mark.parametrize(
    ("forwarded", "proxies", "caller"),
    [
        ("192.0.2.1", 1, "192.0.2.1"),
        ("198.51.100.9, 192.0.2.1", 1, "192.0.2.1"),
        ("198.51.100.9,192.0.2.1", 2, "198.51.100.9"),
        ("203.0.113.7, 198.51.100.9, 192.0.2.1", 2, "198.51.100.9"),
        ("192.0.2.1", 2, None),
        ("192.0.2.1:50000", 1, "192.0.2.1"),
        ("[2001:db8::1]:443", 1, "2001:db8::1"),
        ('"[2001:db8::1]"', 1, "2001:db8::1"),
        ("fe80::1%eth0", 1, "fe80::1"),
        ("::ffff:192.0.2.1", 1, "192.0.2.1"),
        ("unknown", 1, None),
        ("192.0.2.1, unknown", 1, None),
        ("", 1, None),
        ("192.0.2.1'; drop table users --", 1, None),
    ],
)
def test_the_caller_is_whom_the_trusted_proxies_name(forwarded: str, proxies: int, caller: str | None) -> None:
    assert caller_of(forwarded, proxies) == caller


@pytest.mark.parametrize("header", FORWARDING)
@pytest.mark.parametrize("value", ["127.0.0.1", "::1", "192.0.2.1"])
def test_metrics_do_not_answer_what_a_proxy_on_this_machine_passes_on(
    app: APIFlask, proxied: APIFlask, header: str, value: str
) -> None:
    for each in (app, proxied):
        assert each.test_client().get("/metrics", headers={header: value}).status_code == 401
        assert each.test_client().get("/metrics").status_code == 200


def _log_in(app: APIFlask, name: str, password: str, forwarded: str) -> Answer:
    body: dict[str, Any] = {"username": name, "password": password}
    return Answer(app.test_client().post("/api/auth/login", json=body, headers={"X-Forwarded-For": forwarded}))


def test_ten_wrong_passwords_behind_a_proxy_stop_one_address_alone(proxied: APIFlask, tenant: Tenant) -> None:
    user = {"username": f"pia{tenant.id}", "password": PASSWORD, "role": "admin"}
    assert tenant.superadmin.post("/api/users", user).status == 201
    for number in range(10):
        # What the caller writes to the left of its own address changes nothing.
        assert _log_in(proxied, f"none{number}", "wrong", f"10.0.0.{number}, 203.0.113.5").status == 401
    assert _log_in(proxied, user["username"], PASSWORD, "10.0.0.99, 203.0.113.5").status == 429
    assert _log_in(proxied, user["username"], PASSWORD, "203.0.113.6").status == 200


def test_the_audit_log_names_the_caller(proxied: APIFlask, tenant: Tenant, rows: Any) -> None:
    answer = proxied.test_client().patch(
        f"/api/isps/{tenant.id}", json={"name": "Renamed"},
        headers=tenant.admin.headers | {"X-Forwarded-For": "junk, 203.0.113.77:1234"},
    )  # fmt: skip
    assert answer.status_code == 200
    newest = "select host(address) from audit_log where isp_id = :isp order by id desc limit 1"
    assert rows(newest, isp=tenant.id) == [("203.0.113.77",)]


def test_without_trusted_proxies_the_header_is_anybodys_word(app: APIFlask, tenant: Tenant, rows: Any) -> None:
    headers = tenant.admin.headers | {"X-Forwarded-For": "203.0.113.77"}
    assert app.test_client().patch(f"/api/isps/{tenant.id}", json={"name": "N"}, headers=headers).status_code == 200
    newest = "select host(address) from audit_log where isp_id = :isp order by id desc limit 1"
    assert rows(newest, isp=tenant.id) == [("127.0.0.1",)]
