"""Copies of the installation, run by the commands that an operator uses."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service import parts
from service.host.settings import HOME, Settings, from_environment
from service.s6 import services
from service.testing import free_ports

Command = Callable[..., "subprocess.CompletedProcess[str]"]


class Copy:
    """One installation in a directory of its own, with ports of its own."""

    def __init__(self, state_dir: Path, **variables: str) -> None:
        auth, acct, api = free_ports()
        addresses = {
            "STATE_DIR": str(state_dir),
            "RADIUS_AUTH_PORT": str(auth),
            "RADIUS_ACCT_PORT": str(acct),
            "API_PORT": str(api),
        }
        passed = {name: os.environ[name] for name in ("PATH", "HOME", "VENV") if name in os.environ}
        self.environment = passed | addresses | variables
        self.settings: Settings = from_environment(self.environment)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-W", "error", "-m", "service", *arguments]

    def call(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end. Output goes through a file: what stays in the background must not hold a pipe."""
        output = self.settings.state_dir.with_suffix(".out")
        with output.open("w+") as file:
            done = subprocess.run(
                self.command(*arguments),
                env=self.environment,
                cwd=HOME,
                stdout=file,
                stderr=file,
                timeout=120,
                check=False,
            )
        return subprocess.CompletedProcess(done.args, done.returncode, stdout=output.read_text())

    def processes(self) -> list[int]:
        """Every process of this copy: supervisor, loggers, parts."""
        from service.s6 import leftovers

        pids = services.of_tree(self.settings)
        for part in parts.PARTS:
            pids += leftovers.of(part.name, self.settings)
        return pids


@pytest.fixture(scope="session")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """STATE_DIR of an installation that has run once and was stopped."""
    installation = Copy(tmp_path_factory.mktemp("stopped") / "state")
    started = installation.call("start")
    assert started.returncode == 0, started.stdout
    assert installation.call("stop").returncode == 0
    return installation.settings.state_dir


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Copy]:
    """A copy that has never run; whatever the test has started is stopped afterwards."""
    installation = Copy(tmp_path / "state")
    yield installation
    installation.call("stop")
    assert installation.processes() == []


@pytest.fixture
def copy(stopped: Path, tmp_path: Path) -> Iterator[Copy]:
    """A copy that has run before and is stopped, so that no test has to wait for a first start."""
    subprocess.run(["cp", "-a", stopped, tmp_path / "state"], check=True)
    installation = Copy(tmp_path / "state")
    yield installation
    installation.call("stop")
    assert installation.processes() == []


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """One copy in the background, shared by the tests that leave it running."""
    installation = Copy(tmp_path_factory.mktemp("shared") / "state")
    started = installation.call("start")
    assert started.returncode == 0, started.stdout
    yield installation
    assert installation.call("stop").returncode == 0
    assert installation.processes() == []
