"""Alarms, dashboard and firewall of docs/live/: read by the programs they are for, and about what there is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HOME = Path(__file__).parents[2]
LIVE = HOME / "docs/live"
_METRIC = re.compile(r"\binfora_[a-z_]+")


def documented_metrics() -> set[str]:
    return set(re.findall(r"`(infora_[a-z_]+)`", (HOME / "docs/metrics.md").read_text(encoding="utf-8")))


def needs(program: str) -> pytest.MarkDecorator:
    path = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")
    return pytest.mark.skipif(path is None, reason=f"{program} is not installed: scripts/setup --for-tests")


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=LIVE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def panels(board: dict[str, Any]) -> Iterator[str]:
    """The expressions of a dashboard."""
    for panel in board["panels"]:
        yield from panels(panel) if "panels" in panel else ()
        yield from (target["expr"] for target in panel.get("targets", ()))


@needs("promtool")
def test_prometheus_takes_the_alarms_and_each_rings_when_it_should() -> None:
    assert "SUCCESS" in run("promtool", "check", "rules", "alarms.yml")
    assert "SUCCESS" in run("promtool", "test", "rules", "alarms-test.yml")


def test_each_alarm_is_tried_and_says_what_to_do() -> None:
    text, tried = (LIVE / "alarms.yml").read_text(), (LIVE / "alarms-test.yml").read_text()
    rules = re.split(r"^      - alert: ", text, flags=re.M)[1:]
    assert len(rules) >= 15
    for rule in rules:
        name = rule.split("\n", 1)[0]
        assert re.search(rf"alertname: {name}\n\s+exp_alerts", tried), f"{name} never rings in alarms-test.yml"
        assert "summary:" in rule and "action:" in rule, name
        assert re.search(r"severity: (page|ticket)\b", rule), name


def test_alarms_are_about_metrics_that_there_are() -> None:
    named = set(_METRIC.findall((LIVE / "alarms.yml").read_text()))
    assert named - documented_metrics() == set()


def test_the_dashboard_is_about_metrics_that_there_are() -> None:
    board = json.loads((HOME / "docs/grafana.json").read_text(encoding="utf-8"))
    named = {name for expression in panels(board) for name in _METRIC.findall(expression)}
    known = documented_metrics()
    assert len(named) > 10
    assert {name for name in named if re.sub(r"_(bucket|sum|count)$", "", name) not in known} == set()


def test_what_is_worth_an_alarm_has_one() -> None:
    """Every figure that says that something is wrong, by its name."""
    alarmed = set(_METRIC.findall((LIVE / "alarms.yml").read_text()))
    wrong = re.compile(r"_(up|trouble|warning|refused_total|crashes_total|oldest_seconds|age_seconds|broken_rules)$")
    silent = {name for name in documented_metrics() if wrong.search(name)} - alarmed
    assert silent == set()


@needs("nft")
def test_nftables_takes_the_firewall() -> None:
    run("unshare", "-n", "nft", "-c", "-f", "firewall.nft")


@needs("nft")
def test_the_firewall_opens_what_is_listened_on_and_nothing_else() -> None:
    """In a network namespace of its own; what is loaded there is what the file says."""
    listed = json.loads(run("unshare", "-n", "sh", "-c", "nft -f firewall.nft && nft -j list chain inet infora input"))
    chain, *rules = (entry for entry in listed["nftables"] if "metainfo" not in entry)
    assert chain["chain"]["policy"] == "drop"
    ports = re.findall(r'"field": "dport"\}\}, "right": (\{"set": \[[^]]*\]\}|\d+)', json.dumps(rules))
    assert sorted(ports) == ["22", '{"set": [1812, 1813]}', '{"set": [1812, 1813]}', '{"set": [80, 443]}']
