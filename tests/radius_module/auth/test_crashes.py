"""A FreeRADIUS that ends unasked is counted, and when it does so again somebody is told whom it heard last."""

from __future__ import annotations

import json
from pathlib import Path

from radius_module.auth.crashes import Crashes


def ended(report: Path, crashes: Crashes, **facts: object) -> None:
    report.write_text(json.dumps(crashes.facts() | facts))


def test_the_first_start_is_no_crash(tmp_path: Path) -> None:
    crashes = Crashes(tmp_path / "auth.json")
    assert (crashes.total, crashes.warnings()) == (0, [])


def test_an_end_that_was_asked_for_is_none_either(tmp_path: Path) -> None:
    report = tmp_path / "auth.json"
    for _ in range(3):
        ended(report, Crashes(report), stopped=True)
    assert (Crashes(report).total, Crashes(report).warnings()) == (0, [])


def test_repetition_raises_an_alarm_with_the_addresses_heard_last(tmp_path: Path) -> None:
    report = tmp_path / "auth.json"
    ended(report, Crashes(report))
    once = Crashes(report)
    assert (once.total, once.warnings()) == (1, [])
    once.hear("192.0.2.7")
    once.hear("192.0.2.9")
    ended(report, once)
    twice = Crashes(report)
    (alarm,) = twice.warnings()
    assert twice.total == 2
    assert "2 times within an hour; last heard: 192.0.2.7, 192.0.2.9" in alarm.text


def test_crashes_of_yesterday_are_counted_and_alarm_nobody(tmp_path: Path) -> None:
    report = tmp_path / "auth.json"
    report.write_text(json.dumps({"crashes": [1.0, 2.0, 3.0], "crashes_total": 3, "stopped": True}))
    assert (Crashes(report).total, Crashes(report).warnings()) == (3, [])


def test_a_report_that_is_cut_off_tells_nothing(tmp_path: Path) -> None:
    report = tmp_path / "auth.json"
    report.write_text('{"crashes": [1')
    assert Crashes(report).total == 0
