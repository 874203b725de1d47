"""The RADIUS side's part of `/metrics`: what its processes report about themselves, its spools, and the database.

Read when somebody asks. What cannot be had is left out, so that a part that is down takes no other's figures along.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from admin_api.web.parts import parts
from radius_module import status
from radius_module.spool import booked_counts, files

_QUARANTINED = text("select infora_quarantined()")
Reports = Mapping[str, dict[str, Any]]


class RadiusFigures(Collector):
    """All of them."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir

    def collect(self) -> Iterable[Metric]:
        found = {name: status.report(self._state_dir, name) for name in status.SPOOLS}
        reports = {name: report for name, report in found.items() if report is not None}
        yield GaugeMetricFamily("infora_radius_up", "Whether FreeRADIUS answers logins.", float("auth" in reports))
        yield _by("gauge", "infora_radius_process_up", "Whether the process reports about itself.", "process",
                  {name: float(name in reports) for name in found})  # fmt: skip
        yield from _logins(reports.get("auth"))
        yield from _accounting(reports.get("acct"))
        yield from _storing(reports)
        yield from _waiting(self._state_dir)
        yield from _database()


def _logins(report: dict[str, Any] | None) -> Iterator[Metric]:
    if report is None:
        return
    yield _by("counter", "infora_logins", "Duplicates logins by result.", "code", report.get("answers", {}))
    yield GaugeMetricFamily("infora_directory_customers", "Customers in memory.", report.get("customers", 0))
    yield GaugeMetricFamily("infora_directory_devices", "Devices in memory.", report.get("devices", 0))
    age = status.directory_age(report)
    yield GaugeMetricFamily("infora_directory_age_seconds", "Age of what logins are answered from.", age or 0.0)


def _accounting(report: dict[str, Any] | None) -> Iterator[Metric]:
    if report is None:
        return
    yield _by("counter", "infora_accounting_records", "Reports of routers that were stored and acknowledged.", "type",
              report.get("taken", {}))  # fmt: skip
    yield _by("counter", "infora_accounting_refused", "Reports that could not be stored and were not acknowledged.",
              "type", report.get("refused", {}))  # fmt: skip
    if report.get("last_accounting_at"):
        told = "When the last report came, epoch seconds."
        yield GaugeMetricFamily("infora_accounting_last_seconds", told, report["last_accounting_at"])


def _storing(reports: Reports) -> Iterator[Metric]:
    """What each process says of its spool."""
    states = {name: report.get("spool", {}) for name, report in reports.items()}
    yield _by("gauge", "infora_spool_working", "Whether the disk takes what is to be stored.", "process",
              {name: float(bool(state.get("working"))) for name, state in states.items()})  # fmt: skip
    for metric, field, told in (
        ("infora_spool_stored_records", "committed_records", "Records stored, marks of the health check included."),
        ("infora_spool_commits", "commits", "Commits to the disk, of one record or many."),
        ("infora_spool_failures", "failures", "Commits that failed."),
        ("infora_login_results_dropped", "results_dropped", "Results of logins lost while nothing could be stored."),
    ):
        counts = {name: state[field] for name, state in states.items() if field in state}
        yield _by("counter", metric, told, "process", counts)


def _waiting(state_dir: Path) -> Iterator[Metric]:
    """What lies in the spools, and what came out of them."""
    backlogs = status.backlogs(state_dir)
    yield _by("gauge", "infora_spool_records", "Stored and not yet booked.", "process",
              {name: one.records for name, one in backlogs.items()})  # fmt: skip
    yield _by("gauge", "infora_spool_octets", "Octets of them.", "process",
              {name: one.octets for name, one in backlogs.items()})  # fmt: skip
    yield _by("gauge", "infora_spool_oldest_seconds", "Since when the oldest of them waits.", "process",
              {name: _age_of_oldest(state_dir / "spool" / name) for name in backlogs})  # fmt: skip
    booked = CounterMetricFamily(
        "infora_booked_records", "Records taken from the spool into the database.", labels=("process", "type")
    )
    for name in status.SPOOLS:
        for kind, count in booked_counts.booked(state_dir / "spool" / name).items():
            booked.add_metric((name, kind), count)
    yield booked


def _database() -> Iterator[Metric]:
    try:
        with parts().engine.connect() as connection:
            quarantined = connection.scalar(_QUARANTINED)
    except SQLAlchemyError:
        yield GaugeMetricFamily("infora_database_up", "Whether the database answers the API.", 0)
        return
    yield GaugeMetricFamily("infora_database_up", "Whether the database answers the API.", 1)
    yield GaugeMetricFamily("infora_quarantined_records", "Records put aside, as they cannot be booked.", quarantined)


def _age_of_oldest(spool: Path) -> float:
    try:
        came = files.oldest(spool)
    except (OSError, ValueError):
        return 0.0
    return 0.0 if came is None else max(0.0, time.time() - came)


def _by(kind: str, name: str, told: str, label: str, values: Mapping[str, float]) -> Metric:
    """One value for each of a label's."""
    family = CounterMetricFamily if kind == "counter" else GaugeMetricFamily
    made = family(name, told, labels=(label,))
    for key, value in values.items():
        made.add_metric((key,), value)
    return made
