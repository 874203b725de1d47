"""The `spool` commands, as an operator types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from radius_module.spool import files
from radius_module.writer.cli import spool
from service.testing import Installation
from tests.support.database import Tenant
from tests.support.reports_made import report, result
from tests.support.spools import DirectSpool


class Typed:
    """Commands in one installation."""

    def __init__(self, state_dir: Path, url: str) -> None:
        self.spool = state_dir / "spool"
        self._environment = {"STATE_DIR": str(state_dir), "ENGINE_DATABASE_URL": url}

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(spool, words, env=self._environment)


@pytest.fixture
def typed(tmp_path: Path, installation: Installation, books: Engine) -> Typed:
    return Typed(tmp_path, installation.urls.engine)


@pytest.fixture
def of(tenant: Tenant) -> dict[str, Any]:
    return {"isp_id": tenant.isp_id, "device_id": tenant.device_id}


def fill(typed: Typed, of: dict[str, Any], *octets: int) -> None:
    acct, auth = DirectSpool(typed.spool / "acct"), DirectSpool(typed.spool / "auth")
    for number in octets:
        # A time that no column takes is poison.
        assert acct.put(report(octets_in=min(number, 9), session_time=max(5, number), session_id=b"%d" % number, **of))
    assert auth.put(result(isp_id=of["isp_id"]))
    acct.close()
    auth.close()


def test_depth_and_oldest_then_drain(typed: Typed, of: dict[str, Any], books: Engine) -> None:
    assert typed("oldest").output == "nothing waits\n"
    fill(typed, of, 1, 2)
    waiting = json.loads(typed("depth", "--json").output)
    assert {name: backlog["records"] for name, backlog in waiting.items()} == {"acct": 2, "auth": 1}
    assert typed("oldest").output.endswith("seconds\n")
    assert "everything is booked" in typed("drain").output
    assert "acct: 0 records" in typed("depth").output
    with books.connect() as connection:
        assert connection.scalar(text("select sum(bytes_in) from usage")) == 3
        assert connection.scalar(text("select count(*) from radpostauth")) == 1


def test_drain_waits_for_those_who_were_set_aside(typed: Typed, of: dict[str, Any], books: Engine) -> None:
    fill(typed, of, 1)
    typed("drain")
    fill(typed, of, 5)
    with books.connect() as holder:
        holder.execute(text("select from usage where isp_id = :isp for update"), {"isp": of["isp_id"]})
        done = typed("drain", "--timeout", "3")
        assert done.exit_code == 1
        assert "2 of them for a lock that somebody holds" in done.output
        assert "acct: 0 records" in typed("depth").output, "it has left the spool"
        holder.rollback()
    assert "everything is booked" in typed("drain").output
    with books.connect() as connection:
        assert connection.scalar(text("select sum(bytes_in) from usage")) == 6


def test_the_quarantine_is_listed_shown_submitted_and_dropped(typed: Typed, of: dict[str, Any], books: Engine) -> None:
    fill(typed, of, 1 << 63, (1 << 63) + 1)
    typed("drain")
    listed = [json.loads(line) for line in typed("quarantine", "list", "--json").output.splitlines()]
    assert [one["isp_id"] for one in listed] == [of["isp_id"]] * 2
    number = str(listed[0]["id"])
    assert json.loads(typed("quarantine", "show", number).output)["session_time"] == 1 << 63
    refused = typed("quarantine", "submit", number)
    assert refused.exit_code == 1
    assert "still refused" in refused.output
    assert typed("quarantine", "drop", number, "--yes").exit_code == 0
    assert "there is no record" in typed("quarantine", "show", number).output


def test_what_does_not_work_is_one_sentence(typed: Typed, of: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    fill(typed, of, 1)
    lock = files.claim(typed.spool, "writer.lock")
    done = typed("drain", "--timeout", "0.5")
    assert (done.exit_code, done.output.splitlines()[-1]) == (1, "Error: 2 records still wait")
    assert lock >= 0
    typed._environment["ENGINE_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    done = typed("quarantine", "list")
    assert done.exit_code == 1
    assert "cannot be reached" in done.output
    assert "Traceback" not in done.output
