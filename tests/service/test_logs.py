"""Logs: nobody who writes a line waits for the disk, and lines that say nothing new are not kept."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from service import parts
from service.host.settings import Settings, from_environment
from service.s6 import tree


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for name in ("s6", "log"):
        (tmp_path / "state" / name).mkdir(parents=True)
    return replace(from_environment({}), state_dir=tmp_path / "state")


@pytest.fixture
def full_disk(settings: Settings) -> Iterator[Path]:
    """The logs' directory, without room for a single line."""
    logs = settings.state_dir / "log"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", logs], check=True)
    try:
        (logs / "auth").mkdir()
        with (logs / "filler").open("wb") as file:
            while os.write(file.fileno(), b"x" * 4096) == 4096:
                pass
    except OSError:
        pass
    yield logs
    subprocess.run(["umount", "-l", logs], check=True)


def logger(settings: Settings) -> subprocess.Popen[bytes]:
    part = parts.by_name("auth")
    tree.write(settings, [part])
    return subprocess.Popen([tree.directory(settings) / "auth/log/run"], stdin=subprocess.PIPE)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a small disk")
def test_a_full_disk_blocks_nobody_who_logs(settings: Settings, full_disk: Path) -> None:
    process = logger(settings)
    assert process.stdin is not None
    begun = time.monotonic()
    for _ in range(100):
        process.stdin.write(b"a line that the disk does not take\n" * 1000)
        process.stdin.flush()
    seconds = time.monotonic() - begun
    process.kill()
    process.wait()
    process.stdin.close()
    assert seconds < 5


def test_only_lines_that_say_something_are_kept(settings: Settings) -> None:
    process = logger(settings)
    process.communicate(b"Sat : Info: Adding client 127.0.0.2/32\nSat : Info: Ready to process requests\n", timeout=10)
    kept = (settings.state_dir / "log/auth/current").read_text().splitlines()
    assert [line.partition("  ")[2] for line in kept] == ["Sat : Info: Ready to process requests"]
