"""What the installation asks of the API: document, metrics, health."""

from __future__ import annotations

import json
import time

import pytest
from apiflask import APIFlask

from admin_api.settings import Settings
from tests.support.caller import Caller


def test_the_document_and_its_page_are_served(app: APIFlask) -> None:
    document = Caller(app).raw("GET", "/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    assert Caller(app).raw("GET", "/docs").status_code == 200


def test_the_process_is_alive_whatever_else_is_not(app: APIFlask) -> None:
    assert Caller(app).get("/healthz").data == {"status": "ok"}


@pytest.mark.parametrize(("age", "works", "code"), [(0, True, 200), (0, False, 503), (60, True, 503)])
def test_ready_means_that_accounting_is_stored_and_says_so(
    app: APIFlask, settings: Settings, age: int, works: bool, code: int
) -> None:
    report = settings.state_dir / "run" / "acct.json"
    report.parent.mkdir(exist_ok=True)
    report.write_text(json.dumps({"at": time.time() - age, "spool_works": works}))
    answer = Caller(app).get("/readyz")
    report.unlink()
    assert answer.status == code
    assert answer.data.get("code", "ok") == ("ok" if code == 200 else "spool")
