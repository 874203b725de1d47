"""Logs: nobody who writes a line waits for the disk, and lines that say nothing new are not kept."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from radius_module.status import dropped_log_lines
from service import parts
from service.host.settings import Settings, from_environment
from service.s6 import tree
from tests.support.small_disk import enlarge, full
from tests.support.spools import until


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for name in ("s6", "log"):
        (tmp_path / "state" / name).mkdir(parents=True)
    return replace(from_environment({}), state_dir=tmp_path / "state")


@pytest.fixture
def full_disk(settings: Settings) -> Iterator[Path]:
    """The logs' directory, without room for a single line."""
    with full(settings.state_dir / "log") as logs:
        (logs / "auth").mkdir()
        yield logs


def logger(settings: Settings) -> subprocess.Popen[bytes]:
    part = parts.by_name("auth")
    tree.write(settings, [part])
    directory = tree.directory(settings) / "auth/log"
    return subprocess.Popen([directory / "run"], stdin=subprocess.PIPE, cwd=directory)


def kept(settings: Settings) -> list[str]:
    """The log's lines without their times."""
    written = (settings.state_dir / "log/auth/current").read_text().splitlines()
    return [line.partition("  ")[2] for line in written]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a small disk")
def test_a_full_disk_blocks_nobody_who_logs_and_what_is_lost_is_counted(settings: Settings, full_disk: Path) -> None:
    process = logger(settings)
    assert process.stdin is not None
    begun = time.monotonic()
    for _ in range(100):
        process.stdin.write(b"a line that the disk does not take\n" * 1000)
        process.stdin.flush()
    assert time.monotonic() - begun < 5
    until(lambda: dropped_log_lines(settings.state_dir).get("auth", 0) > 50_000)
    enlarge(full_disk)
    process.stdin.write(b"there is room\n")
    process.stdin.flush()
    lost = dropped_log_lines(settings.state_dir)["auth"]
    said = f"log: {lost} lines were dropped: the disk did not take them"
    until(lambda: said in kept(settings), 20)
    process.stdin.close()
    assert process.wait(20) == 0
    assert "there is room" in kept(settings)[-2:]
    assert kept(settings).count("a line that the disk does not take") + lost == 100_000


def test_the_count_goes_on_where_the_last_logger_ended(settings: Settings) -> None:
    logger(settings).communicate(b"Sat : Info: Ready\n", timeout=10)
    (tree.directory(settings) / "auth/log/dropped").write_text(f"{7:020}\n")
    logger(settings).communicate(b"Sat : Info: Ready\nhalf a line", timeout=10)
    assert dropped_log_lines(settings.state_dir) == {"auth": 7}
    assert kept(settings) == ["Sat : Info: Ready", "Sat : Info: Ready", "half a line"]


def test_only_lines_that_say_something_are_kept(settings: Settings) -> None:
    process = logger(settings)
    process.communicate(b"Sat : Info: Adding client 127.0.0.2/32\nSat : Info: Ready to process requests\n", timeout=10)
    assert kept(settings) == ["Sat : Info: Ready to process requests"]
