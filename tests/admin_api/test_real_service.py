"""The API as it is installed: gunicorn with its workers, in the environment that the service gives it."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from service.testing import Installation, free_ports
from tests.support.machine import machine

TOKEN = "metrics-token-of-this-test"


class Reply(NamedTuple):
    status: int
    text: str

    @property
    def data(self) -> Any:
        return json.loads(self.text)["data"]


class Service:
    """Speaks to the API over TCP."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation

    def call(self, path: str, body: object = None, **headers: str) -> Reply:
        data = None if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        settings = self.installation.settings
        connection = HTTPConnection(settings.api_host, settings.api_port, timeout=30)
        with closing(connection):
            method = "GET" if data is None else "POST"
            connection.request(method, path, data, named | ({"Content-Type": "application/json"} if data else {}))
            answer = connection.getresponse()
            return Reply(answer.status, answer.read().decode())

    def log_in(self, **headers: str) -> Reply:
        return self.call("/api/auth/login", self.installation.demo["admin"], **headers)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with (
        tempfile.TemporaryDirectory(prefix="real-", dir="/tmp", ignore_cleanup_errors=True) as directory,
        Installation(
            Path(directory) / "state", *free_ports(), API_TRUSTED_PROXIES="1", METRICS_TOKEN=TOKEN
        ) as installation,
    ):
        installation.start_all("api")
        yield Service(installation)


def test_trusted_proxies_reach_the_workers(service: Service) -> None:
    """Ten wrong passwords of one caller behind the proxy stop that caller alone."""
    wrong = {"username": "nobody", "password": "wrong"}
    for number in range(10):
        answer = service.call("/api/auth/login", wrong | {"username": f"nobody{number}"}, X_Forwarded_For="203.0.113.1")
        assert answer.status == 401
    assert service.log_in(X_Forwarded_For="203.0.113.1").status == 429
    assert service.log_in(X_Forwarded_For="203.0.113.2").status == 200


def test_metrics_are_not_for_strangers_behind_the_proxy(service: Service) -> None:
    assert service.call("/metrics", X_Forwarded_For="203.0.113.1").status == 401
    assert service.call("/metrics", X_Forwarded_For="127.0.0.1").status == 401
    assert service.call("/metrics", X_Forwarded_For="203.0.113.1", Authorization=f"Bearer {TOKEN}").status == 200
    assert service.call("/metrics").status == 200


def raw(service: Service, octets: bytes) -> tuple[int, dict[str, str], bytes]:
    """Octets as they are; status, headers and body of the answer."""
    settings = service.installation.settings
    with socket.create_connection((settings.api_host, settings.api_port), timeout=10) as connection:
        connection.sendall(octets)
        answer = HTTPResponse(connection)
        answer.begin()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


@pytest.mark.parametrize(
    ("octets", "status", "code"),
    [
        (b"GET / HTTP/9.9\r\n\r\n", 400, "bad_request"),
        (b"nonsense\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: <script>\r\n\r\n", 400, "bad_request"),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "uri_too_long"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 20000 + b"\r\n\r\n", 431, "headers_too_large"),
    ],
)
def test_what_gunicorn_refuses_has_the_shape_of_every_answer(
    service: Service, octets: bytes, status: int, code: str
) -> None:
    got, headers, body = raw(service, octets)
    assert (got, headers["content-type"]) == (status, "application/json")
    answer = json.loads(body)
    assert (set(answer), answer["ok"], answer["data"]) == ({"ok", "message", "data"}, False, {"code": code})
    assert headers["x-content-type-options"] == "nosniff"
    assert len(headers["x-request-id"]) >= 8
    assert b"script" not in body


def test_invented_methods_are_one_series(service: Service) -> None:
    for number in range(20):
        assert (
            raw(service, f"BREW{number} /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())[0] == 405
        )
    methods = set(re.findall(r'infora_api_request_seconds_count{method="([^"]+)"', service.call("/metrics").text))
    assert "other" in methods
    assert methods <= {"GET", "POST", "other"}


def test_latencies_of_all_workers_are_in_the_metrics(service: Service) -> None:
    for _ in range(40):
        assert service.call("/healthz").status == 200
    counts = [
        float(line.rpartition(" ")[2])
        for line in service.call("/metrics").text.splitlines()
        if line.startswith("infora_api_request_seconds_count") and 'route="/healthz"' in line
    ]
    assert sum(counts) >= 40


def test_every_answer_leaves_a_line_and_no_secret(service: Service) -> None:
    admin = service.installation.demo["admin"]
    token = service.log_in(X_Forwarded_For="203.0.113.9", X_Request_ID="login-of-the-test").data["token"]
    wrong = {"username": "nobody-at-all", "password": "a-password-that-is-wrong"}
    service.call("/api/auth/login", wrong, X_Forwarded_For="203.0.113.9", X_Request_ID="wrong-of-the-test")
    headers = {"Authorization": f"Bearer {token}", "X_Forwarded_For": "203.0.113.9"}
    service.call("/api/isps?search=secret-in-the-query", X_Request_ID="list-of-the-test", **headers)
    service.call("/no/such%0Athing", X_Request_ID="odd-of-the-test", **headers)
    deadline = time.monotonic() + 5
    while "odd-of-the-test" not in (log := service.installation.log("api")):
        assert time.monotonic() < deadline, log[-2000:]
        time.sleep(0.1)
    lines = {name: next(line for line in log.splitlines() if f"id={name}-of-the-test" in line)
             for name in ("login", "wrong", "list", "odd")}  # fmt: skip
    assert re.search(r"203\.0\.113\.9 - isp=- POST /api/auth/login 200 \d+ms", lines["login"])
    assert " POST /api/auth/login 401 " in lines["wrong"]
    assert re.search(r"203\.0\.113\.9 user:\d+ isp=- GET /api/isps \d+ ", lines["list"])
    assert " GET /no/such%0Athing 404 " in lines["odd"]
    for secret in (token, admin["password"], wrong["password"], "nobody-at-all", "secret-in-the-query", TOKEN):
        assert secret not in log


def test_the_documents_page_needs_nothing_from_elsewhere(service: Service) -> None:
    page = service.call("/docs")
    files = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert page.status == 200
    assert files and all(file.startswith("/") and not file.startswith("//") for file in files)
    for file in files:
        status, headers, body = raw(service, f"GET {file} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert (status, len(body) > 50) == (200, True), file
        assert headers["x-content-type-options"] == "nosniff"
    _, headers, body = raw(service, b"GET /docs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy and "http" not in policy
    assert not re.search(rb"<script(?![^>]* src=)|\son[a-z]+=", body), "a script in the page would not be run"
    assert service.call("/docs/../../etc/passwd").status == service.call("/docs/index.css").status == 404


def test_answers_are_guarded(service: Service) -> None:
    for path in ("/healthz", "/api/auth/me", "/no-such-thing", "/openapi.json"):
        _, headers, _ = raw(service, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]


def test_a_kept_scanner_finds_no_header_missing(service: Service) -> None:
    """shcheck, over every kind of page that needs no credentials. HSTS is the proxy's, which has TLS."""
    settings = service.installation.settings
    pages = [f"http://{settings.api_host}:{settings.api_port}{path}" for path in ("/healthz", "/docs", "/openapi.json")]
    scanner = Path(sys.executable).with_name("shcheck.py")
    run = subprocess.run([sys.executable, scanner, "-j", "-g", *pages], capture_output=True, text=True, check=True)
    found = json.loads(run.stdout)
    assert set(found) == set(pages)
    for page, result in found.items():
        assert result["missing"] == [], page
        assert "Content-Security-Policy" in result["present"], page


def test_twenty_operators_log_in_at_once(service: Service) -> None:
    """The last of them too within a second, of a machine of one's own."""
    token = service.log_in(X_Forwarded_For="203.0.113.20").data["token"]
    headers = {"Authorization": f"Bearer {token}", "X_Forwarded_For": "203.0.113.20"}
    accounts = [{"username": f"operator{number}", "password": f"password of {number}"} for number in range(20)]
    for account in accounts:
        assert service.call("/api/users", account | {"role": "superadmin"}, **headers).status == 201

    def log_in(account: dict[str, str]) -> float:
        begun = time.monotonic()
        assert service.call("/api/auth/login", account, X_Forwarded_For="203.0.113.21").status == 200
        return time.monotonic() - begun

    with ThreadPoolExecutor(len(accounts)) as pool:
        times = sorted(seconds for _ in range(2) for seconds in pool.map(log_in, accounts))
    assert times[-1] < 1.0 * machine(), times[-5:]
