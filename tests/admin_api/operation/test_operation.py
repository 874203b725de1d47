"""What the installation asks of the API: document, metrics, health."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask

from admin_api.settings import Settings
from radius_module.status import moment, report_file
from tests.support.caller import Caller


def test_the_document_and_its_page_are_served(app: APIFlask) -> None:
    document = Caller(app).raw("GET", "/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    assert Caller(app).raw("GET", "/docs").status_code == 200


def test_the_process_is_alive_whatever_else_is_not(app: APIFlask) -> None:
    assert Caller(app).get("/healthz").data == {"status": "ok"}


CONCERNS = {"auth": "directory", "acct": "spool", "writer": "books"}


@pytest.fixture
def reports(settings: Settings) -> Iterator[Path]:
    """The processes' reports: all in order."""
    directory = report_file(settings.state_dir, "auth").parent
    for process in CONCERNS:
        (directory / f"{process}.json").write_text(json.dumps(moment() | {"troubles": []}))
    yield directory
    for process in CONCERNS:
        (directory / f"{process}.json").unlink(missing_ok=True)


def test_ready_means_that_every_process_reports_and_has_no_trouble(app: APIFlask, reports: Path) -> None:
    assert Caller(app).get("/readyz").data["status"] == "ok"


@pytest.mark.parametrize(("process", "code"), CONCERNS.items())
@pytest.mark.parametrize("report", [{"age": 60}, {"age": 0, "trouble": "it waits"}])
def test_a_process_that_is_silent_or_in_trouble_is_not_ready(
    app: APIFlask, reports: Path, process: str, code: str, report: dict[str, Any]
) -> None:
    troubles = [[code, report["trouble"]]] if "trouble" in report else []
    written = moment() | {"tick": time.monotonic() - report["age"], "troubles": troubles}
    (reports / f"{process}.json").write_text(json.dumps(written))
    answer = Caller(app).get("/readyz")
    assert (answer.status, answer.data["code"]) == (503, code)
    metrics = Caller(app).raw("GET", "/metrics").get_data(as_text=True)
    assert f'infora_trouble{{code="{code}",process="{process}"}} 1.0' in metrics
