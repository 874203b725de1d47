"""`make run` leaves no process behind, however it ends."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.host.settings import HOME
from service.s6 import supervisor
from tests.service.conftest import Copy


class Foreground:
    """`make run` as a terminal runs it: a process group of its own, output to a file."""

    def __init__(self, copy: Copy, output: Path) -> None:
        self.copy = copy
        self.output = output
        with output.open("w") as file:
            self.process = subprocess.Popen(
                copy.command("run"), env=copy.environment, cwd=HOME, stdout=file, stderr=file, start_new_session=True
            )

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + 60
        while text not in self.output.read_text():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def nothing_is_left(self, seconds: float = 15) -> bool:
        deadline = time.monotonic() + seconds
        while self.copy.processes():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True


@pytest.fixture
def foreground(copy: Copy, tmp_path: Path) -> Iterator[Foreground]:
    run = Foreground(copy, tmp_path / "output")
    yield run
    if run.process.poll() is None:
        run.process.kill()
    run.process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_cleanly(foreground: Foreground, number: signal.Signals) -> None:
    foreground.wait_for("Try next:")

    os.killpg(foreground.process.pid, number)

    assert foreground.process.wait(30) == 0
    assert foreground.copy.processes() == []
    assert foreground.output.read_text().endswith("Stopped. The data is kept.\n")
    assert "database system is shut down" in (foreground.copy.settings.state_dir / "log/postgres/current").read_text()


def test_ctrl_c_during_the_start_leaves_nothing(foreground: Foreground) -> None:
    foreground.wait_for("supervisor (process")

    os.killpg(foreground.process.pid, signal.SIGINT)
    time.sleep(0.05)
    os.killpg(foreground.process.pid, signal.SIGINT)

    assert foreground.process.wait(30) == 0
    assert foreground.copy.processes() == []


def test_kill_9_of_the_foreground_takes_everything_along(foreground: Foreground) -> None:
    foreground.wait_for("Try next:")

    foreground.process.kill()

    assert foreground.nothing_is_left()


def test_kill_9_of_the_supervisor_ends_the_foreground(foreground: Foreground) -> None:
    foreground.wait_for("Try next:")
    root = supervisor.pid(foreground.copy.settings)
    assert root is not None

    os.kill(root, signal.SIGKILL)

    assert foreground.process.wait(30) == 1
    assert foreground.copy.processes() == []


def test_it_ends_with_the_process_that_called_it(copy: Copy, tmp_path: Path) -> None:
    """As `make` does: a `make` that is killed must not leave the system running."""
    output = tmp_path / "output"
    with output.open("w") as file:
        shell = subprocess.Popen(
            ["/bin/sh", "-c", '"$@"; true', "sh", *copy.command("run")],
            env=copy.environment, cwd=HOME, stdout=file, stderr=file, start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + 60
    while "Try next:" not in output.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)

    shell.kill()
    shell.wait()

    deadline = time.monotonic() + 15
    while copy.processes():
        assert time.monotonic() < deadline
        time.sleep(0.05)
