"""Nobody gets where they do not belong: every operation of the document, for every kind of caller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from apiflask import APIFlask
from flask import g
from sqlalchemy import select, true

from admin_api.access import operators
from admin_api.tenants import routes as isps
from admin_api.web import database
from models import Isp, User
from models.tables.users import ROLES
from tests.support.access_table import WEAKEST, may
from tests.support.bodies import BODIES, document, operations, schemas_of_bodies, send
from tests.support.caller import Answer, Caller, Tenant
from tests.support.world import Rows, World

CALLERS = ("viewer", "cashier", "staff", "admin", "machine", "superadmin")
#: Every day the one who may most; all of them in the long suite.
TRYING = ["admin", *(pytest.param(role, marks=pytest.mark.long) for role in ("viewer", "staff", "machine"))]
#: Acts on the caller, of whatever tenant.
_ONESELF = ("POST /api/auth/logout", "POST /api/auth/password", "GET /api/auth/me", "POST /api/auth/login",
            "GET /api/auth/totp", "POST /api/auth/totp", "POST /api/auth/totp/confirm",
            "POST /api/auth/totp/recovery-codes", "POST /api/auth/totp/disable")  # fmt: skip


@pytest.fixture
def own(tenant: Tenant, rows: Rows) -> World:
    return World(tenant, rows)


@pytest.fixture
def others(other_tenant: Tenant, rows: Rows) -> World:
    return World(other_tenant, rows)


def tenants(app: APIFlask) -> list[str]:
    """Operations that need a role."""
    return [operation for operation in operations(app) if WEAKEST[operation] in ROLES]


def test_the_table_names_every_operation_and_no_other(app: APIFlask) -> None:
    assert set(operations(app)) == set(WEAKEST)


def test_there_is_a_right_body_for_every_operation_that_takes_one(app: APIFlask) -> None:
    assert set(schemas_of_bodies(app)) == set(BODIES)


def test_every_route_of_the_application_is_in_the_document(app: APIFlask) -> None:
    routes = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.split(".")[0] not in ("openapi", "static", "docs_page")
    }
    assert routes == set(document(app)["paths"])


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": "Bearer x", "X-ISP-ID": "1"},
    *(pytest.param(headers, marks=pytest.mark.long) for headers in (
        {"X-API-Key": "x" * 40}, {"Authorization": "Basic YWRtaW46YWRtaW4="}, {"Cookie": "token=x"})),
])  # fmt: skip
def test_without_credentials_every_operation_is_a_401(app: APIFlask, own: World, headers: dict[str, str]) -> None:
    for operation in operations(app):
        if WEAKEST[operation] not in ("open", "own"):
            answer = send(Caller(app, headers), operation, own)
            assert (answer.status, answer.code) == (401, "unauthorized"), operation


@pytest.mark.parametrize("role", CALLERS)
def test_a_role_may_what_the_table_says(app: APIFlask, own: World, rows: Rows, role: str) -> None:
    """Each operation on rows of one's own, with a right body: 403, or done."""
    caller: Caller = getattr(own.tenant, role)
    before = _all_of(own, rows)
    refused = [operation for operation in tenants(app) if not may(role, operation)]
    for operation in refused:
        answer = send(caller, operation, own)
        assert (answer.status, answer.code) == (403, "forbidden"), operation
    assert _all_of(own, rows) == before
    for operation in tenants(app):
        if operation not in refused and operation not in _ONESELF:
            method, path = operation.split(" ")
            if method == "GET":
                assert caller.raw(method, own.address(path)).status_code == 200, operation
                continue
            answer = send(caller, operation, own)
            wanted = {"DELETE /api/isps/{id}": "in_use", "DELETE /api/devices/{id}": "in_use",
                      "POST /api/billing/drawers/{id}/close": "not_found",
                      "POST /api/billing/quarantine/{id}/submit": "not_bookable",
                      "POST /api/billing/customers/{id}/erase": "open_balance",
                      "POST /api/billing/customers/{id}/periods/{period_id}/undo": "not_last"}  # fmt: skip
            assert answer.status < 300 or answer.code == wanted.get(operation), (operation, answer)


def test_outside_of_any_isp_a_superadmin_is_asked_for_one(app: APIFlask, superadmin: Caller, own: World) -> None:
    """And nothing is done: only ISPs, operators, the audit log and the caller's own account need none."""
    everywhere = ("/api/isps", "/api/users", "/api/audit-log", "/api/auth/")
    for operation in tenants(app):
        if not operation.split(" ")[1].startswith(everywhere):
            answer = send(superadmin, operation, own)
            assert (answer.status, answer.code) == (400, "isp_required"), operation


def crossings(app: APIFlask, caller: Caller, own: World, others: World) -> Iterator[tuple[str, Answer | None, str]]:
    """Every operation with another tenant's ids: in the path, in the query, in the body, in the header.

    (operation and place, the answer if it is one row's, its text)
    """
    for operation in tenants(app):
        method, path = operation.split(" ")
        if operation in _ONESELF:
            continue
        if "{" in path:
            answer = send(caller, operation, others)
            yield f"{operation} path", answer, str(answer)
        for name, wanted in _foreign(_query_names(app, method, path), others).items():
            text = caller.raw(method, f"{own.address(path)}?{name}={wanted}").get_data(as_text=True)
            yield f"{operation} query {name}", None, text
        for name, wanted in _foreign(_body_names(app, operation), others).items():
            answer = send(caller, operation, own, {name: wanted})
            yield f"{operation} body {name}", None, str(answer)
        if method == "GET":
            text = caller.raw(method, own.address(path), {"X-ISP-ID": str(others.tenant.id)}).get_data(as_text=True)
            yield f"{operation} header", None, text


def _query_names(app: APIFlask, method: str, path: str) -> list[str]:
    declared = document(app)["paths"][path][method.lower()]["parameters"]
    return ["isp_id", *(parameter["name"] for parameter in declared if parameter["in"] == "query")]


def _body_names(app: APIFlask, operation: str) -> list[str]:
    fields = schemas_of_bodies(app).get(operation, {}).get("properties", {})
    return ["isp_id", "id", "customer_id", *fields] if fields else []


def _foreign(names: list[str], others: World) -> dict[str, Any]:
    """What names another tenant's row, by the name of the parameter or field."""
    known = {
        "isp_id": others.tenant.id, "id": others.ids["customer"], "customer_id": others.ids["customer"],
        "service_plan_id": others.ids["plan"], "device_id": others.ids["device"], "resource_id": others.ids["customer"],
        "username": f"user{others.tenant.id}", "search": f"secret of {others.tenant.id}",
        "nas_ip": others.device_address, "session_id": "s", "actor": "admin",
    }  # fmt: skip
    return {name: known[name] for name in names if name in known}


def _nothing_crosses(app: APIFlask, caller: Caller, own: World, others: World, rows: Rows) -> int:
    before, tried = _all_of(others, rows), 0
    marks = (f"secret of {others.tenant.id}", f'"isp_id": {others.tenant.id},', f"'isp_id': {others.tenant.id},")
    for place, answer, text in crossings(app, caller, own, others):
        tried += 1
        if answer is not None:
            assert answer.status in (403, 404), (place, answer)
        assert not any(mark in text for mark in marks), (place, text)
    assert _all_of(others, rows) == before
    return tried


@pytest.mark.parametrize("role", TRYING)
def test_another_tenants_rows_are_not_there(app: APIFlask, own: World, others: World, rows: Rows, role: str) -> None:
    tried = _nothing_crosses(app, getattr(own.tenant, role), own, others, rows)
    assert tried > 120
    # One's own customer may be called like another tenant's, and was.
    rows("update customers set username = 'own' || id where isp_id = :isp", isp=own.tenant.id)
    for operation in tenants(app):
        if may(role, operation) and "{" in operation:
            assert send(getattr(own.tenant, role), operation, others).status == 404, operation


def test_what_another_tenants_ids_in_a_body_are_answered_with(own: World, others: World) -> None:
    admin = own.tenant.admin
    body = {"username": "x", "password": "p", "service_plan_id": others.ids["plan"]}
    assert admin.post("/api/billing/customers", body).status == 422
    customer = f"/api/billing/customers/{own.ids['customer']}"
    assert admin.patch(customer, {"service_plan_id": others.ids["plan"]}).status == 422
    assert admin.get(f"{customer}/explain?device_id={others.ids['device']}").status == 404
    assert admin.get(f"/api/billing/sessions?device_id={others.ids['device']}").data["total"] == 0
    login = {"username": f"user{own.tenant.id}", "password": "customer123", "nas_ip": others.device_address}
    assert own.tenant.machine.post("/api/radius-api/auth", login).code == "unknown_device"
    headers = {"X-ISP-ID": str(others.tenant.id)}
    for caller in (admin, own.tenant.machine):
        assert caller.call("GET", "/api/billing/customers", headers=headers).status == 403


@pytest.mark.parametrize("role", TRYING)
def test_with_the_codes_own_filters_gone_the_database_still_keeps_tenants_apart(
    app: APIFlask, own: World, others: World, rows: Rows, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    monkeypatch.setattr(database, "of_tenant", lambda model: true())
    monkeypatch.setattr(operators, "visible", lambda: select(User))
    monkeypatch.setattr(isps, "visible", lambda: select(Isp))
    caller: Caller = getattr(own.tenant, role)
    assert _nothing_crosses(app, caller, own, others, rows) > 120
    assert caller.get("/api/billing/plans").data["total"] >= 1, "its own it finds"


@pytest.mark.parametrize("role", TRYING)
def test_with_the_codes_filters_asking_for_another_tenant_nothing_is_found(
    app: APIFlask, own: World, others: World, rows: Rows, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    """The code is wrong about who its tenant is; the transaction's setting is not."""
    enter = database.work_in

    def mistaken(isp_id: int | None, *, everywhere: bool = False) -> None:
        enter(isp_id, everywhere=everywhere)
        g.isp_id = others.tenant.id

    caller: Caller = getattr(own.tenant, role)
    monkeypatch.setattr(database, "work_in", mistaken)
    before = _all_of(others, rows)
    for operation in tenants(app):
        if operation not in _ONESELF:
            method, path = operation.split(" ")
            for world in (own, others):
                text = caller.raw(method, world.address(path)).get_data(as_text=True)
                assert f"secret of {others.tenant.id}" not in text, operation
                if operation in BODIES:
                    assert f"secret of {others.tenant.id}" not in str(send(caller, operation, world)), operation
    assert _all_of(others, rows) == before


EXTRA: dict[str, Any] = {
    "id": 1, "used_bytes": 5, "remaining_bytes": 5, "bytes_in": 5, "role": "superadmin", "api_key_hash": "x" * 64,
    "password_hash": "x", "created_at": "2000-01-01T00:00:00Z", "updated_at": "2000-01-01T00:00:00Z",
    "token_version": 9, "is_superadmin": True, "customer_id": 1, "origin": "provisioned", "period_start": "2000-01-01",
}  # fmt: skip


@pytest.mark.parametrize("operation", sorted(BODIES))
def test_nothing_that_a_body_may_not_set_is_taken(
    app: APIFlask, own: World, others: World, rows: Rows, operation: str
) -> None:
    """Every body with all of it is refused, and names each; a role above one's own is refused by itself."""
    if operation in _ONESELF:
        caller = own.tenant.operator("admin")
    else:
        caller = own.tenant.superadmin if WEAKEST[operation] == "superadmin" else own.tenant.admin
    fields = schemas_of_bodies(app)[operation]["properties"]
    extra = {name: value for name, value in EXTRA.items() if name not in fields} | {"isp_id": others.tenant.id}
    superadmins = rows("select id from users where role = 'superadmin' order by 1")
    before = _all_of(others, rows), _all_of(own, rows)
    answer = send(caller, operation, own, extra)
    assert (answer.status, answer.code, set(answer.data["errors"])) == (422, "invalid", set(extra))
    if "role" in fields:
        answer = send(caller, operation, own, {"role": "superadmin"})
        assert (answer.status, answer.code) == (403, "role_too_high")
    assert (_all_of(others, rows), _all_of(own, rows)) == before
    assert rows("select id from users where role = 'superadmin' order by 1") == superadmins


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


def test_a_pooled_connection_carries_no_tenant_over(own: World, others: World) -> None:
    for _ in range(10):
        for world in (own, others):
            listed = world.tenant.machine.get("/api/billing/customers").data["items"]
            assert [row["id"] for row in listed] == [world.ids["customer"]]


def _all_of(world: World, rows: Rows) -> dict[str, Any]:
    """Every row of the tenant in every table."""
    tables = [table for (table,) in rows(
        "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'isp_id'"
        " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition"
        " and not a.attisdropped order by 1"
    )]  # fmt: skip
    rows_of = {table: rows(f"select t::text from {table} t where isp_id = :isp order by 1", isp=world.tenant.id)  # noqa: S608
             for table in tables}  # fmt: skip
    assert len(tables) >= 18
    return rows_of | {"isps": rows("select i::text from isps i where id = :isp", isp=world.tenant.id)}
