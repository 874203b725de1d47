"""`/metrics`: of an installation that runs, of one where nothing runs, and what the dashboard makes of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from prometheus_client.parser import text_string_to_metric_families

from admin_api.settings import Settings
from radius_module.enforce.duties.daily_proof import prove_if_due
from radius_module.status import PROCESSES, moment, report_file
from tests.radius_client import AcctStatus, Growth
from tests.support.caller import Caller
from tests.wire.system import System
from tests.wire.tenant import Tenant as WireTenant
from tests.wire.test_accounting import Session, eventually

DASHBOARD = Path(__file__).resolve().parents[3] / "docs" / "grafana.json"
Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def figures(app: APIFlask) -> Figures:
    """(name, labels) → value, read as Prometheus reads it."""
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.get_data(as_text=True))
        for sample in family.samples
    }


def of(shown: Figures, name: str, **labels: str) -> float | None:
    return shown.get((name, tuple(sorted(labels.items()))))


def quiet_figures(app: APIFlask) -> Figures:
    """Once nothing of earlier tests is on its way: each process reports what it has counted every second."""
    moving = ("infora_accounting_records_total", "infora_booked_records_total", "infora_logins_total")
    shown: list[Figures] = [{}, figures(app)]
    for _ in range(20):
        counted = [{key: value for key, value in reading.items() if key[0] in moving} for reading in shown[-2:]]
        if counted[0] == counted[1]:
            break
        time.sleep(2.5)
        shown.append(figures(app))
    return shown[-1]


def test_metrics_are_for_this_machine_and_for_the_token(app: APIFlask) -> None:
    assert app.test_client().get("/healthz").status_code == 200
    text = app.test_client().get("/metrics").get_data(as_text=True)
    assert "infora_api_request_seconds_bucket" in text and "infora_radius_up 0.0" in text
    assert app.test_client().get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 401


def test_what_routers_report_is_counted_when_taken_and_when_booked(
    running_app: APIFlask, system: System, operator: Caller
) -> None:
    tenant = WireTenant(system)
    john = tenant.customer("john")
    before = quiet_figures(running_app)
    session = Session(tenant.router, john.username, "80f00001", tenant.login(john).klass)
    for status, times in ((AcctStatus.START, 1), (AcctStatus.INTERIM_UPDATE, 3), (AcctStatus.STOP, 2)):
        for _ in range(times):
            assert session.send(status)
    assert not tenant.login(john, "wrong").accepted

    def grown() -> dict[str, float]:
        now = figures(running_app)
        wanted = [
            *(("infora_accounting_records_total", {"type": kind}) for kind in ("Start", "Interim-Update", "Stop")),
            *(("infora_booked_records_total", {"process": "acct", "type": kind}) for kind in ("Start", "Stop")),
            ("infora_booked_records_total", {"process": "auth", "type": "login"}),
            ("infora_logins_total", {"code": "bad_password"}),
        ]
        return {f"{name} {labels.get('type') or labels['code']}": (of(now, name, **labels) or 0) - (
            of(before, name, **labels) or 0) for name, labels in wanted}  # fmt: skip

    eventually(grown, {
        "infora_accounting_records_total Start": 1, "infora_accounting_records_total Interim-Update": 3,
        "infora_accounting_records_total Stop": 2, "infora_booked_records_total Start": 1,
        "infora_booked_records_total Stop": 2, "infora_booked_records_total login": 2,
        "infora_logins_total bad_password": 1,
    })  # fmt: skip
    after = figures(running_app)
    assert of(after, "infora_spool_records", process="acct") == 0
    assert of(after, "infora_spool_oldest_seconds", process="acct") == 0
    assert abs(time.time() - (of(after, "infora_accounting_last_seconds") or 0)) < 20
    for process in ("auth", "acct"):
        assert of(after, "infora_radius_process_up", process=process) == 1
        assert of(after, "infora_spool_working", process=process) == 1


def test_sessions_and_traffic_of_a_device_are_shown(running_app: APIFlask, system: System) -> None:
    tenant = WireTenant(system)
    labels = {"isp_id": str(tenant.isp_id), "device_id": str(tenant.router.device_id)}
    people = [tenant.customer(name) for name in ("john", "jane")]
    sessions = [Session(tenant.router, person.username, f"80f0000{number}", tenant.login(person).klass)
                for number, person in enumerate(people)]  # fmt: skip

    def shown() -> list[float | None]:
        now = figures(running_app)
        return [of(now, "infora_device_sessions", **labels), *(
            of(now, "infora_device_octets_total", direction=way, **labels) for way in ("in", "out"))]  # fmt: skip

    assert shown() == [0, 0, 0]
    for session in sessions:
        assert session.send(AcctStatus.START)
    for growth in (Growth(60, 1000, 2**33), Growth(60, 1000, 2**33), Growth(120, 1500, 2**33 + 7)):
        assert sessions[0].send(AcctStatus.INTERIM_UPDATE, growth)
    assert sessions[1].send(AcctStatus.STOP, Growth(30, 20, 30))
    eventually(shown, [1, 1520, 2**33 + 37])


def test_every_panel_of_the_dashboard_has_its_figures(running_app: APIFlask, system: System) -> None:
    tenant = WireTenant(system)
    john = tenant.customer("john")
    assert Session(tenant.router, john.username, "80f00001", tenant.login(john).klass).send(AcctStatus.START)
    assert prove_if_due(system.owner) == []
    eventually(lambda: "infora_booked_records_total" in _names(figures(running_app)), True)
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    asked = {
        name for panel in panels for target in panel["targets"] for name in re.findall(r"infora_\w+", target["expr"])
    }
    # Nothing has been refused: a counter by type that nobody has counted on has no sample.
    assert asked - _names(figures(running_app)) == {"infora_accounting_refused_total"}
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [(p["gridPos"]["x"] + dx, p["gridPos"]["y"]) for p in panels for dx in range(p["gridPos"]["w"])]
    assert len(set(places)) == len(places), "panels lie on top of each other"


def _names(shown: Figures) -> set[str]:
    return {name for name, _labels in shown}


@pytest.fixture
def state(settings: Settings) -> Iterator[Path]:
    """Reports written by hand, as no FreeRADIUS runs."""
    dropped = settings.state_dir / "s6/acct/log/dropped"
    dropped.parent.mkdir(parents=True, exist_ok=True)
    yield settings.state_dir
    dropped.unlink(missing_ok=True)
    for process in PROCESSES:
        report_file(settings.state_dir, process).unlink(missing_ok=True)


def test_what_is_refused_put_aside_or_cannot_be_stored_is_seen(app: APIFlask, state: Path, rows: Any) -> None:
    spool = {"working": False, "committed_records": 70, "commits": 7, "failures": 3, "results_dropped": 2}
    report = moment() | {"spool": spool, "taken": {"Start": 5}, "refused": {"Stop": 4}}
    report_file(state, "acct").write_text(json.dumps(report))
    (state / "s6/acct/log/dropped").write_text(f"{12:020}\n")
    before = of(figures(app), "infora_quarantined_records")
    rows("insert into quarantine (isp_id, node, reason, record, octets) values (0, 'n', 'r', '{}', '')")
    shown = figures(app)
    rows("delete from quarantine where isp_id = 0")
    assert before is not None and of(shown, "infora_quarantined_records") == before + 1
    assert of(shown, "infora_accounting_refused_total", type="Stop") == 4
    assert of(shown, "infora_spool_working", process="acct") == 0
    assert of(shown, "infora_spool_failures_total", process="acct") == 3
    assert of(shown, "infora_login_results_dropped_total", process="acct") == 2
    assert of(shown, "infora_log_lines_dropped_total", part="acct") == 12
    assert of(shown, "infora_radius_process_up", process="auth") == 0 and of(shown, "infora_radius_up") == 0


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"Start": "x"}', '{"at": "x"}', '{"at": null}', "\x00"])
def test_a_report_that_is_broken_takes_nothing_else_along(app: APIFlask, state: Path, content: str) -> None:
    for path in (*(report_file(state, process) for process in PROCESSES), state / "s6/acct/log/dropped"):
        path.write_text(content)
    assert of(figures(app), "infora_database_up") == 1
