"""Nobody gets where he does not belong: every operation of the document, for every kind of caller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import true

from admin_api import database
from models.users import ROLES
from tests.admin_api.access_table import WEAKEST
from tests.admin_api.caller import Answer, Caller, Tenant
from tests.admin_api.world import Rows, World


def operations(app: APIFlask) -> list[tuple[str, str]]:
    document = app.spec
    assert isinstance(document, dict)
    return [(method.upper(), path) for path, methods in document["paths"].items() for method in methods]


@pytest.fixture
def mine(tenant: Tenant, rows: Rows) -> World:
    return World(tenant, rows)


@pytest.fixture
def others(other_tenant: Tenant, rows: Rows) -> World:
    return World(other_tenant, rows)


def test_the_table_names_every_operation_and_no_other(app: APIFlask) -> None:
    assert {f"{method} {path}" for method, path in operations(app)} == set(WEAKEST)


def test_every_route_of_the_application_is_in_the_document(app: APIFlask) -> None:
    routes = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.split(".")[0] not in ("openapi", "static")
    }
    assert isinstance(app.spec, dict)
    assert routes == set(app.spec["paths"])


def test_without_credentials_every_operation_is_a_401(app: APIFlask, mine: World) -> None:
    for method, path in operations(app):
        if WEAKEST[f"{method} {path}"] not in ("open", "own"):
            answer = Caller(app).call(method, mine.address(path))
            assert (answer.status, answer.code) == (401, "unauthorized"), (method, path)


@pytest.mark.parametrize("role", ["viewer", "staff", "admin", "machine"])
def test_a_role_may_what_the_table_says(app: APIFlask, mine: World, role: str) -> None:
    caller: Caller = getattr(mine.tenant, role)
    rank = ROLES.index("staff" if role == "machine" else role)
    refused = {
        (method, path)
        for method, path in operations(app)
        if WEAKEST[f"{method} {path}"] in ROLES and ROLES.index(WEAKEST[f"{method} {path}"]) < rank
    }
    for method, path in refused:
        answer = caller.call(method, mine.address(path))
        assert (answer.status, answer.code) == (403, "forbidden"), (method, path)
    for method, path in set(operations(app)) - refused:
        if method == "GET" and WEAKEST[f"{method} {path}"] in ROLES:
            assert caller.raw(method, mine.address(path)).status_code == 200, (method, path)


def crossings(app: APIFlask, caller: Caller, others: World) -> Iterator[tuple[str, str, Answer]]:
    """Every operation on another tenant's rows."""
    for method, path in operations(app):
        if "{" in path and WEAKEST[f"{method} {path}"] in ROLES:
            yield method, path, caller.call(method, others.address(path))


def test_another_tenants_rows_are_not_there(app: APIFlask, mine: World, others: World, rows: Rows) -> None:
    before = _all_of(others, rows)
    for role in ("admin", "staff", "viewer", "machine"):
        for method, path, answer in crossings(app, getattr(mine.tenant, role), others):
            assert answer.status in (403, 404), (role, method, path)
    assert _all_of(others, rows) == before


def test_lists_hold_the_tenants_own_rows_only(app: APIFlask, mine: World, others: World) -> None:
    for method, path in operations(app):
        if method == "GET" and WEAKEST[f"{method} {path}"] in ROLES:
            for query in ("", f"?isp_id={others.tenant.id}"):
                text = mine.tenant.admin.raw(method, mine.address(path) + query).get_data(as_text=True)
                assert f"secret of {others.tenant.id}" not in text, path


def test_ids_of_another_tenant_in_a_body_or_query_lead_nowhere(mine: World, others: World) -> None:
    admin = mine.tenant.admin
    body = {"username": "x", "password": "p", "service_plan_id": others.ids["plan"]}
    assert admin.post("/api/billing/customers", body).status == 422
    own = f"/api/billing/customers/{mine.ids['customer']}"
    assert admin.patch(own, {"service_plan_id": others.ids["plan"]}).status == 422
    assert admin.get(f"{own}/explain?device_id={others.ids['device']}").status == 404
    assert admin.get(f"/api/billing/sessions?device_id={others.ids['device']}").data["total"] == 0
    headers = {"X-ISP-ID": str(others.tenant.id)}
    for caller in (admin, mine.tenant.machine):
        assert caller.call("GET", "/api/billing/customers", headers=headers).status == 403


def test_with_the_codes_own_filters_gone_the_database_still_keeps_tenants_apart(
    app: APIFlask, mine: World, others: World, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "of_tenant", lambda model: true())
    before = _all_of(others, rows)
    for method, path, answer in crossings(app, mine.tenant.admin, others):
        assert answer.status in (403, 404), (method, path)
    assert _all_of(others, rows) == before
    for path in ("/api/billing/customers", "/api/billing/plans", "/api/devices", "/api/billing/quarantine"):
        listed = mine.tenant.admin.get(path).data
        assert listed["total"] == 1 and f"secret of {others.tenant.id}" not in str(listed), path


def test_nothing_that_a_body_may_not_set_is_taken(mine: World, others: World, rows: Rows) -> None:
    extra = {"isp_id": others.tenant.id, "id": 1, "used_bytes": 5, "role": "superadmin", "api_key_hash": "x"}
    extra |= {"password_hash": "x", "created_at": "2000-01-01T00:00:00Z", "token_version": 9}
    admin = mine.tenant.admin
    made = admin.post("/api/billing/customers", extra | {"username": "n", "password": "p"})
    assert (made.status, made.data["isp_id"], made.data["used_bytes"]) == (201, mine.tenant.id, 0)
    for address in (f"/api/billing/customers/{mine.ids['customer']}", f"/api/billing/plans/{mine.ids['plan']}",
                    f"/api/devices/{mine.ids['device']}"):  # fmt: skip
        changed = admin.patch(address, extra)
        assert changed.status == 200 and changed.data["isp_id"] == mine.tenant.id, changed
    assert admin.patch(f"/api/isps/{mine.tenant.id}", extra).data["id"] == mine.tenant.id
    for method, address in (("POST", "/api/users"), ("PATCH", f"/api/users/{mine.ids['user']}")):
        answer = admin.call(method, address, extra | {"username": "someone", "password": "0123456789"})
        assert (answer.status, answer.code) == (403, "role_too_high")
    assert rows("select count(*) from users where isp_id is null and username = 'someone'") == [(0,)]


def test_every_tenant_table_is_walled_in(rows: Rows) -> None:
    open_tables = rows(
        "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'isp_id'"
        " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not a.attisdropped"
        " and not (c.relrowsecurity and c.relforcerowsecurity)"
    )
    assert open_tables == []


def test_the_role_of_the_api_owns_nothing_and_bypasses_nothing(rows: Rows) -> None:
    assert rows(
        "select r.rolsuper, r.rolbypassrls, r.rolcreaterole, (select count(*) from pg_class where relowner = r.oid)"
        " from pg_roles r where rolname = 'infora_api'"
    ) == [(False, False, False, 0)]


def test_a_pooled_connection_carries_no_tenant_over(mine: World, others: World) -> None:
    for _ in range(10):
        for world in (mine, others):
            listed = world.tenant.machine.get("/api/billing/customers").data["items"]
            assert [row["id"] for row in listed] == [world.ids["customer"]]


def _all_of(world: World, rows: Rows) -> list[Any]:
    tables = ("customers", "service_plans", "mikrotik_devices", "radcheck", "radgroupreply", "users", "quarantine")
    found = [rows(f"select t::text from {table} t where isp_id = :isp order by 1", isp=world.tenant.id)  # noqa: S608
             for table in tables]  # fmt: skip
    return [*found, rows("select i::text from isps i where id = :isp", isp=world.tenant.id)]
