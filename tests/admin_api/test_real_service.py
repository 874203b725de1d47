"""The API as it is installed: gunicorn with its workers, in the environment that the service gives it."""

from __future__ import annotations

import json
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from service.testing import Installation, free_ports

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
        self.installation, self.base = installation, installation.settings.api_base

    def call(self, path: str, body: object = None, **headers: str) -> Reply:
        data = None if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(
            self.base + path, data, named | ({"Content-Type": "application/json"} if data else {})
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Reply(answer.status, answer.read().decode())
        except urllib.error.HTTPError as refused:
            with refused:
                return Reply(refused.code, refused.read().decode())

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


def test_latencies_of_all_workers_are_in_the_metrics(service: Service) -> None:
    for _ in range(40):
        assert service.call("/healthz").status == 200
    counts = [
        float(line.rpartition(" ")[2])
        for line in service.call("/metrics").text.splitlines()
        if line.startswith("infora_api_request_seconds_count") and 'route="/healthz"' in line
    ]
    assert sum(counts) >= 40
