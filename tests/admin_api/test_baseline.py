"""What a scanner looks at first, at every kind of answer: headers, cookies, origins, methods, forgotten files."""

from __future__ import annotations

from typing import Any

import pytest
from apiflask import APIFlask

from admin_api.plans import routes as plans
from tests.support.caller import Caller, Tenant

#: Of every kind: data, a file, a chart, the page and its scripts, the document, numbers for machines, and errors.
_PATHS = (
    "/api/billing/plans", "/api/billing/customers?format=csv", "/api/billing/reports/usage?format=svg", "/docs",
    "/openapi.json", "/healthz", "/metrics", "/no-such-thing", "/api/billing/plans/0", "/api/billing/plans?page=none",
)  # fmt: skip
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_SECRET = "what is only in the error's text"
_POLICY = ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'")


@pytest.fixture
def answers(tenant: Tenant) -> dict[str, Any]:
    """From another origin, by an operator and by nobody."""
    origin = {"Origin": "https://elsewhere.example"}
    callers = {"operator": tenant.admin, "nobody": Caller(tenant.app)}
    return {f"{path} by {who}": caller.raw("GET", path, origin) for path in _PATHS for who, caller in callers.items()}


def test_every_kind_of_answer_has_its_headers(answers: dict[str, Any]) -> None:
    for place, answer in answers.items():
        headers = answer.headers
        assert {name: headers.get(name) for name in _HEADERS} == _HEADERS, place
        policy = headers["Content-Security-Policy"]
        assert all(directive in policy for directive in _POLICY), (place, policy)
        assert "unsafe-eval" not in policy and "*" not in policy, (place, policy)
        assert "no-store" in headers["Cache-Control"], place
        kind = headers["Content-Type"]
        assert kind == "application/json" or "charset=utf-8" in kind, (place, kind)
    assert {answer.status_code for answer in answers.values()} >= {200, 401, 404, 422}


def test_no_answer_sets_a_cookie(answers: dict[str, Any]) -> None:
    assert [place for place, answer in answers.items() if "Set-Cookie" in answer.headers] == []


def test_no_answer_is_for_another_origin(answers: dict[str, Any]) -> None:
    for place, answer in answers.items():
        assert not [name for name, _value in answer.headers if name.startswith("Access-Control-")], place


def test_no_answer_says_what_it_was_made_with(answers: dict[str, Any]) -> None:
    for place, answer in answers.items():
        named = {name for name, _value in answer.headers}
        assert not named & {"X-Powered-By", "X-AspNet-Version", "X-Generator"}, place


@pytest.mark.parametrize("path", [
    "/.git/config", "/.env", "/secrets.env", "/var/secrets.env", "/demo.json", "/setup.cfg", "/admin_api/settings.py",
    "/server-status", "/debug", "/console", "/backup.sql", "/dump.sql", "/.well-known/openid-configuration", "/static/",
    "/docs/", "/docs/..%2f..%2fsetup.cfg", "/api/", "/openapi.json.bak",
])  # fmt: skip
def test_what_scanners_look_for_is_not_there(app: APIFlask, path: str) -> None:
    answer = Caller(app).raw("GET", path)
    assert answer.status_code == 404 or (path == "/docs/" and b"<title>" in answer.data), path
    assert b"Index of" not in answer.data


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND", "DEBUG"])
@pytest.mark.parametrize("path", ["/healthz", "/api/billing/plans"])
def test_methods_that_nobody_needs_are_refused(app: APIFlask, method: str, path: str) -> None:
    answer = Caller(app).call(method, path, headers={"X-Told": "a-word-that-comes-back"})
    assert answer.status == 405
    assert "a-word-that-comes-back" not in str(answer)


def test_an_error_shows_nothing_of_the_inside(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError(_SECRET)

    caller = tenant.admin
    monkeypatch.setattr(plans, "page_of", fail)
    answer = caller.get("/api/billing/plans")
    assert (answer.status, answer.code) == (500, "internal_error")
    assert not [word for word in (_SECRET, "RuntimeError", "Traceback", ".py") if word in str(answer)]
    logged = caplog.text
    assert "RuntimeError" in logged and answer.headers["X-Request-ID"] in logged
    assert _SECRET not in logged
