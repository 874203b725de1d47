"""The RADIUS side's part of `/metrics`: what its processes report about themselves, its spools, and the database.

Read when somebody asks. What cannot be had is left out, so that a part that is down does not hide the figures of the
others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Row, text
from sqlalchemy.exc import SQLAlchemyError

from admin_api.web.parts import parts
from radius_module import status

_QUARANTINED = text("select infora_quarantined()")
_DEVICES = text("select isp_id, device_id, sessions, bytes_in, bytes_out from infora_device_figures()")
Reports = Mapping[str, dict[str, Any]]


class RadiusFigures(Collector):
    """All of them."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir

    def collect(self) -> Iterable[Metric]:
        states = {name: status.report(self._state_dir, name) for name in status.PROCESSES}
        reports = {name: report for name, report in states.items() if report is not None}
        yield GaugeMetricFamily("infora_radius_up", "Whether FreeRADIUS answers logins.", float("auth" in reports))
        yield _by("gauge", "infora_radius_process_up", "Whether the process reports about itself.", "process",
                  {name: float(name in reports) for name in states})  # fmt: skip
        yield from _logins(reports.get("auth"))
        yield from _accounting(reports.get("acct"))
        yield from _storing(reports)
        yield from _waiting(status.spools(self._state_dir))
        yield from _booking(reports.get("writer"))
        yield from _troubles(self._state_dir)
        yield _by("counter", "infora_log_lines_dropped", "Lines of logs that the disk did not take.", "part",
                  status.dropped_log_lines(self._state_dir))  # fmt: skip
        yield from _database()


def _logins(report: dict[str, Any] | None) -> Iterator[Metric]:
    if report is None:
        return
    yield _by("counter", "infora_logins", "Answered logins by result.", "code", report.get("answers", {}))
    unsigned = {device_id: count for device_id, (count, _last) in report.get("unsigned", {}).items()}
    help_text = "Access-Requests dropped for want of a Message-Authenticator."
    yield _by("counter", "infora_unsigned_requests", help_text, "device_id", unsigned)
    yield GaugeMetricFamily("infora_directory_customers", "Customers in memory.", report.get("customers", 0))
    yield GaugeMetricFamily("infora_directory_devices", "Devices in memory.", report.get("devices", 0))
    yield CounterMetricFamily("infora_radius_crashes", "Ends of FreeRADIUS that nobody asked for.",
                              report.get("crashes_total", 0))  # fmt: skip
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
        help_text = "When the last report came, epoch seconds."
        yield GaugeMetricFamily("infora_accounting_last_seconds", help_text, report["last_accounting_at"])


def _storing(reports: Reports) -> Iterator[Metric]:
    """What each process reports about its spool."""
    states = {name: report.get("spool", {}) for name, report in reports.items() if name in status.SPOOLS}
    yield _by("gauge", "infora_spool_working", "Whether the disk takes what is to be stored.", "process",
              {name: float(bool(state.get("working"))) for name, state in states.items()})  # fmt: skip
    for metric, field, help_text in (
        ("infora_spool_stored_records", "committed_records", "Records stored, marks of the health check included."),
        ("infora_spool_commits", "commits", "Commits to the disk, of one record or many."),
        ("infora_spool_failures", "failures", "Commits that failed."),
        ("infora_login_results_dropped", "results_dropped", "Results of logins lost while nothing could be stored."),
    ):
        counts = {name: state[field] for name, state in states.items() if field in state}
        yield _by("counter", metric, help_text, "process", counts)


def _waiting(spools: Mapping[str, status.SpoolState]) -> Iterator[Metric]:
    """What lies in the spools, and what came out of them, as the writer says."""
    for metric, field, help_text in (
        ("infora_spool_records", "records", "Stored and not yet booked."),
        ("infora_spool_octets", "octets", "Octets of them."),
        ("infora_spool_oldest_seconds", "oldest_seconds", "Since when the oldest of them waits."),
    ):
        yield _by(
            "gauge", metric, help_text, "process", {name: getattr(spool, field) for name, spool in spools.items()}
        )
    booked = CounterMetricFamily(
        "infora_booked_records", "Records taken from the spool into the database.", labels=("process", "type")
    )
    for name, spool in spools.items():
        for kind, count in spool.booked.items():
            booked.add_metric((name, kind), count)
    yield booked


def _booking(report: dict[str, Any] | None) -> Iterator[Metric]:
    if report is None:
        return
    silence = report.get("database_silent_seconds", 0.0)
    yield GaugeMetricFamily("infora_writer_database_silent_seconds", "Since the database answered the writer.", silence)
    if report.get("booked_at"):
        help_text = "When records were last booked, epoch seconds."
        yield GaugeMetricFamily("infora_booked_last_seconds", help_text, report["booked_at"])


def _troubles(state_dir: Path) -> Iterator[Metric]:
    """What keeps processes from their work, and what an operator should look at; 1 for each."""
    for metric, help_text, pairs in (
        ("infora_trouble", "What keeps a process from its work.", status.troubles(state_dir)),
        ("infora_warning", "What an operator should look at.", status.warnings(state_dir)),
    ):
        family = GaugeMetricFamily(metric, help_text, labels=("process", "code"))
        for process, code in sorted({(process, trouble.code) for process, trouble in pairs}):
            family.add_metric((process, code), 1)
        yield family


def _database() -> Iterator[Metric]:
    try:
        with parts().engine.connect() as connection:
            quarantined = connection.scalar(_QUARANTINED)
            devices = connection.execute(_DEVICES).all()
    except SQLAlchemyError:
        yield GaugeMetricFamily("infora_database_up", "Whether the database answers the API.", 0)
        return
    yield GaugeMetricFamily("infora_database_up", "Whether the database answers the API.", 1)
    yield GaugeMetricFamily("infora_quarantined_records", "Records put aside, as they cannot be booked.", quarantined)
    yield from _devices(devices)


def _devices(rows: Sequence[Row[Any]]) -> Iterator[Metric]:
    """By id: names change, and each would be a series of its own."""
    labels = ("isp_id", "device_id")
    sessions = GaugeMetricFamily("infora_device_sessions", "Open sessions.", labels=labels)
    octets = CounterMetricFamily("infora_device_octets", "Octets booked.", labels=(*labels, "direction"))
    for row in rows:
        device = str(row.isp_id), str(row.device_id)
        sessions.add_metric(device, row.sessions)
        octets.add_metric((*device, "in"), row.bytes_in)
        octets.add_metric((*device, "out"), row.bytes_out)
    yield sessions
    yield octets


def _by(kind: str, name: str, help_text: str, label: str, values: Mapping[str, float]) -> Metric:
    """One value for each of a label's."""
    family = CounterMetricFamily if kind == "counter" else GaugeMetricFamily
    metric = family(name, help_text, labels=(label,))
    for key, value in values.items():
        metric.add_metric((key,), value)
    return metric
