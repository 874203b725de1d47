"""What every operation does alike: envelope, errors, pages, versions, twins."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from apiflask import APIFlask

from tests.support.caller import Answer, Caller, Tenant

Rows = Callable[..., list[tuple[Any, ...]]]
BASE = "/api/billing/customers"


@pytest.mark.parametrize("method, path, status, code", [
    ("GET", "/nowhere", 404, "not_found"), ("DELETE", "/api/isps", 405, "method_not_allowed"),
    ("POST", "/healthz", 405, "method_not_allowed"), ("GET", f"{BASE}/x", 404, "not_found"),
    ("GET", f"{BASE}/99999999999999999999", 404, "not_found"), ("GET", f"{BASE}/0", 404, "not_found"),
    ("GET", f"{BASE}?page=0", 422, "invalid"), ("GET", f"{BASE}?per_page=101", 422, "invalid"),
    ("GET", f"{BASE}?sort=password", 422, "invalid"), ("GET", f"{BASE}?search=a%00b", 422, "invalid"),
    ("GET", f"{BASE}?username=%00", 422, "invalid"), ("GET", "/api/billing/sessions?username=%00", 422, "invalid"),
    ("GET", "/api/audit-log?actor=%00", 422, "invalid"), ("GET", "/api/audit-log?action=%00", 422, "invalid"),
    ("GET", "/api/billing/reports/usage/a%00b", 404, "not_found"),
])  # fmt: skip
def test_every_error_has_the_one_shape(tenant: Tenant, method: str, path: str, status: int, code: str) -> None:
    answer = tenant.admin.call(method, path)
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["X-Request-ID"]


@pytest.mark.parametrize("body", [b"{", b"nonsense", b'{"a": NaN}', b"[" * 100_000, b"\xff", b'{"price": 1e999999}',
                                  b'{"price": ' + b"9" * 5000 + b"}"])  # fmt: skip
def test_a_body_that_is_no_json_is_a_400(tenant: Tenant, body: bytes) -> None:
    answer = Answer(tenant.admin.raw("POST", "/api/billing/plans", data=body, content_type="application/json"))
    assert (answer.status, answer.code) == (400, "bad_request")


@pytest.mark.parametrize("body", [[], 1, "x", None, {"name": {}}, {"name": "a\0b"}, {"name": "\ud800"}, {"name": ""}])
def test_a_body_of_another_kind_is_a_422(tenant: Tenant, body: Any) -> None:
    text = json.dumps(body)
    answer = Answer(tenant.admin.raw("POST", "/api/billing/plans", data=text, content_type="application/json"))
    assert (answer.status, answer.code) == (422, "invalid") and answer.data["errors"]


def test_a_body_that_is_too_large_is_a_413(tenant: Tenant) -> None:
    answer = Answer(tenant.admin.raw("POST", "/api/billing/plans", data=b" " * 1_000_001))
    assert (answer.status, answer.code) == (413, "too_large")


@pytest.mark.parametrize("path", ["/api/billing//customers", "//api/isps", "/api/billing/customers//1"])
def test_an_address_with_a_slash_too_many_is_no_address(tenant: Tenant, path: str) -> None:
    assert tenant.admin.get(path).code == "not_found"


def test_options_say_what_there_is_as_every_answer(app: APIFlask) -> None:
    answer = Caller(app).call("OPTIONS", BASE)
    assert (answer.status, answer.data) == (200, {"methods": ["GET", "HEAD", "OPTIONS", "POST"]})


def test_an_error_speaks_of_the_body_and_of_nothing_inside(tenant: Tenant) -> None:
    assert tenant.admin.post("/api/billing/plans", []).data["errors"] == {"body": ["must be a JSON object"]}
    assert tenant.admin.post("/api/billing/plans", {"name": " "}).data["errors"] == {"name": ["must not be blank"]}
    for body in ({"username": 5}, {"username": "a\0b"}, {"expires_at": "x"}, {"mac_address": "x"}, "x", 5):
        text = str(tenant.admin.post(BASE, body))
        assert not [word for word in ("Value error", "CustomerIn", "pydantic", "Traceback") if word in text], text


def test_who_asks_for_problem_json_gets_it(tenant: Tenant) -> None:
    answer = tenant.admin.raw("GET", f"{BASE}/0", headers={"Accept": "application/problem+json"})
    assert answer.mimetype == "application/problem+json"
    assert {"status": 404, "code": "not_found", "type": "about:blank"}.items() <= answer.get_json().items()


def test_checks_come_in_their_order(app: APIFlask, tenant: Tenant) -> None:
    """Credentials, role, row, body: each request has everything wrong from one point on."""
    assert Caller(app).patch("/api/billing/plans/0", []).status == 401
    assert tenant.staff.patch("/api/billing/plans/0", []).status == 403
    assert tenant.admin.patch("/api/billing/plans/0", []).status == 404
    plan = tenant.plan()["id"]
    assert tenant.admin.patch(f"/api/billing/plans/{plan}", []).status == 422


def test_pages_and_their_links(tenant: Tenant) -> None:
    for number in range(5):
        tenant.customer(username=f"u{number}")
    page = tenant.viewer.get(f"{BASE}?per_page=2&page=2&sort=-username&search=u")
    assert [row["username"] for row in page.data["items"]] == ["u2", "u1"]
    assert {name: page.data[name] for name in ("page", "per_page", "total", "pages")} == {
        "page": 2, "per_page": 2, "total": 5, "pages": 3,
    }  # fmt: skip
    links = dict(reversed(part.split("; ")) for part in page.headers["Link"].split(", "))
    assert set(links) == {'rel="first"', 'rel="prev"', 'rel="next"', 'rel="last"'}
    following = tenant.viewer.get(links['rel="next"'].strip("<>"))
    assert [row["username"] for row in following.data["items"]] == ["u0"]


@pytest.mark.parametrize("query, names", [
    ("search=LOVE", ["b"]), ("search=%25", []), ("status=suspended", ["b"]), ("status=expired", ["c"]),
    ("status=active", ["a"]), ("username=A", ["a"]), ("mac_address=02-00-00-00-00-0a", ["a"]), ("search=254", ["a"]),
])  # fmt: skip
def test_filters(tenant: Tenant, query: str, names: list[str]) -> None:
    tenant.customer(username="a", mac_address="02:00:00:00:00:0A", phone="+254")
    tenant.customer(username="b", full_name="Ada Lovelace", status="suspended")
    tenant.customer(username="c", expires_at="2020-01-01T00:00:00Z")
    assert [row["username"] for row in tenant.viewer.get(f"{BASE}?{query}").data["items"]] == names


def test_a_change_of_an_older_version_is_a_412(tenant: Tenant) -> None:
    for base, created, change in (
        (BASE, tenant.customer(), {"phone": "1"}),
        ("/api/devices", tenant.device(), {"name": "x"}),
        ("/api/billing/plans", tenant.plan(), {"price": 1}),
    ):
        address = f"{base}/{created['id']}"
        tag = tenant.admin.get(address).headers["ETag"]
        changed = tenant.admin.patch(address, change, {"If-Match": tag})
        assert changed.status == 200 and changed.headers["ETag"] != tag
        stale = tenant.admin.patch(address, change, {"If-Match": tag})
        assert (stale.status, stale.code) == (412, "stale")
        assert tenant.admin.delete(address, {"If-Match": tag}).status == 412
        assert tenant.admin.patch(address, change, {"If-Match": changed.headers["ETag"]}).status == 200
        assert tenant.admin.patch(address, change, {"If-Match": "*"}).status == 200


@pytest.mark.parametrize("tag", ['"', "W/", '""', "abc", '"a", "b"', ",", '","', "W/{tag}", "{tag}x", "\x80", "0"])
def test_a_version_that_cannot_be_read_is_no_leave_to_write(tenant: Tenant, tag: str) -> None:
    address = f"{BASE}/{tenant.customer()['id']}"
    seen = tenant.staff.get(address).headers["ETag"]
    stale = tenant.staff.patch(address, {"phone": "1"}, {"If-Match": tag.replace("{tag}", seen)})
    assert (stale.status, stale.code) == (412, "stale")
    assert tenant.staff.patch(address, {"phone": "1"}, {"If-Match": f'"a", {seen}'}).status == 200


def test_a_new_password_is_a_new_version(tenant: Tenant) -> None:
    address = f"{BASE}/{tenant.customer()['id']}"
    tag = tenant.staff.get(address).headers["ETag"]
    assert tenant.staff.patch(address, {"password": "new"}).headers["ETag"] != tag


def test_of_two_who_read_the_same_version_one_writes(tenant: Tenant) -> None:
    address = f"{BASE}/{tenant.customer()['id']}"
    caller, tag = tenant.staff, tenant.staff.get(address).headers["ETag"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: caller.patch(address, {"phone": str(n)}, {"If-Match": tag}), range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [412] * 7


def test_a_hundred_twins_have_one_effect_and_one_body(tenant: Tenant) -> None:
    caller, body = tenant.machine, {"username": "twin", "password": "p", "service_plan_id": None}
    barrier = threading.Barrier(100)

    def send(_: int) -> Answer:
        barrier.wait(60)
        return caller.post(BASE, body, {"Idempotency-Key": "key-1"})

    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(send, range(100)))
    assert {answer.status for answer in answers} == {201}
    assert len({json.dumps(answer.body) for answer in answers}) == 1
    assert tenant.viewer.get(BASE).data["total"] == 1


def test_a_key_is_for_one_request_of_one_caller(tenant: Tenant, other_tenant: Tenant, rows: Rows) -> None:
    key = {"Idempotency-Key": "key-2"}
    created = tenant.superadmin.post("/api/devices", {"name": "R", "ip_address": f"{tenant.block(99)}.1"}, key)
    assert created.status == 201
    again = tenant.superadmin.post("/api/devices", {"name": "R", "ip_address": f"{tenant.block(99)}.1"}, key)
    assert again.body == created.body and again.headers["Idempotency-Replayed"] == "true"
    assert (
        tenant.superadmin.post("/api/devices", {"name": "S", "ip_address": "10.98.0.1"}, key).code
        == "idempotency_key_reused"
    )
    assert other_tenant.superadmin.post("/api/billing/plans", {"name": "P"}, key).status == 201
    kept = rows("select answer from idempotency_keys where isp_id = :isp", isp=tenant.id)
    assert kept and all(created.data["radius_secret"] not in answer for (answer,) in kept)


def test_what_failed_may_be_sent_again_with_its_key(tenant: Tenant) -> None:
    key, body = {"Idempotency-Key": "key-3"}, {"username": "x", "password": "p", "service_plan_id": None}
    first = tenant.customer(username="x")
    assert tenant.machine.post(BASE, body, key).code == "username_taken"
    assert tenant.machine.delete(f"{BASE}/{first['id']}").status == 200
    assert tenant.machine.post(BASE, body, key).status == 201


@pytest.mark.parametrize("action, order", [
    (("POST", "/suspend", None), [("disconnect", "suspended")]), (("DELETE", "", None), [("disconnect", "deleted")]),
    (("POST", "/renew", {}), [("coa", "renewed")]), (("POST", "/topups", {"data_gb": 1}), [("coa", "topup")]),
    (("PATCH", "", {"expires_at": "2020-01-01T00:00:00Z"}), [("disconnect", "expired")]),
    (("PATCH", "", {"status": "suspended"}), [("disconnect", "suspended")]),
    (("PATCH", "", {"service_plan_id": None}), [("coa", "plan_changed")]), (("PATCH", "", {"phone": "1"}), []),
])  # fmt: skip
def test_what_must_reach_the_router_is_ordered_with_the_change(
    tenant: Tenant, rows: Rows, action: tuple[str, str, Any], order: list[Any]
) -> None:
    customer = tenant.customer(service_plan_id=tenant.plan(data_limit=1)["id"])
    method, tail, body = action
    assert tenant.machine.call(method, f"{BASE}/{customer['id']}{tail}", body).status < 300
    assert rows("select kind, reason from outbox where isp_id = :isp order by id", isp=tenant.id) == order


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer x"}, {"X-API-Key": "x"}, {"Authorization": "Basic eDp4"}]
)
def test_a_refused_caller_is_told_how_to_log_in(app: APIFlask, headers: dict[str, str]) -> None:
    answer = Caller(app, headers).get("/api/billing/customers")
    assert answer.status == 401
    assert "/api/auth/login" in answer.body["message"] and "X-API-Key" in answer.body["message"]
