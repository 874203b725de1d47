"""s6 or systemd: never both at once, whoever comes second is told, and a journal that hangs holds no part up."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.errors import Refusal
from service.host import layout, lock
from service.host.settings import HOME
from tests.service.conftest import Copy

LAUNCH = ("import os\nfrom service.host import lock\nfrom service.host.settings import from_environment\n"
          "lock.hold_together(from_environment(os.environ)); print('held', flush=True); input()")  # fmt: skip


@pytest.fixture
def idle(tmp_path: Path) -> Copy:
    """A copy in which nothing runs."""
    installation = Copy(tmp_path / "state")
    layout.prepare(installation.settings)
    lock.create(installation.settings)
    return installation


@contextmanager
def holding(copy: Copy, how: str) -> Iterator[None]:
    """A process that holds the installation's lock: together as a part under systemd, alone as the tree of s6 does."""
    program = LAUNCH.replace("hold_together", how)
    process = subprocess.Popen([sys.executable, "-c", program], cwd=HOME, env=copy.environment, text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    try:
        yield
    finally:
        process.communicate("\n", timeout=20)


@pytest.fixture
def unit(idle: Copy) -> Iterator[Copy]:
    with holding(idle, "hold_together"):
        yield idle


@pytest.mark.parametrize("command", ["start", "run", "stop"])
def test_what_systemd_runs_is_left_to_systemd(unit: Copy, command: str) -> None:
    done = unit.call(command)
    assert done.returncode == 2
    assert "systemd runs the installation in" in done.stdout
    assert "systemctl stop infora.target" in done.stdout


def test_two_units_hold_the_lock_together(unit: Copy) -> None:
    assert lock.is_shared(unit.settings)
    done = subprocess.run([sys.executable, "-c", LAUNCH], cwd=HOME, env=unit.environment, input="\n", text=True,
                          capture_output=True, check=False, timeout=60)  # fmt: skip
    assert done.stdout == "held\n"


def test_only_root_installs() -> None:
    own = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    done = subprocess.run([*own, sys.executable, "-m", "service", "install"], cwd=HOME, text=True, capture_output=True,
                          env={"STATE_DIR": "/nonexistent/state"}, check=False, timeout=60)  # fmt: skip
    assert done.returncode == 2
    assert "sudo make install" in done.stderr


def test_a_tree_and_a_unit_exclude_each_other(idle: Copy) -> None:
    with holding(idle, "hold_alone"):
        assert not lock.is_shared(idle.settings)
        with pytest.raises(Refusal, match="run `make stop` first"):
            lock.hold_together(idle.settings)
    handle = lock.hold_together(idle.settings)
    with pytest.raises(Refusal, match="already running"):
        lock.hold_alone(idle.settings)
    os.close(handle)


TALKATIVE = ("from service.systemd import launch\nimport os\nlaunch.wait_for_no_log()\n"
             "os.execv('/bin/sh', ['sh', '-c', 'for i in 1 2 3 4 5; do head -c 300000 /dev/zero; done 2>&1;"
             " echo written >\"$0\"', os.environ['DONE']])")  # fmt: skip


def test_a_part_goes_on_when_the_journal_takes_nothing(tmp_path: Path) -> None:
    """Standard output is a socket that nobody reads; the program that the launcher became ends all the same."""
    journal, output = socket.socketpair()
    environment = {"DONE": str(tmp_path / "done"), "PATH": os.defpath}
    with journal, output:
        subprocess.run([sys.executable, "-c", TALKATIVE], cwd=HOME, env=environment, stdout=output, stderr=output,
                       check=True, timeout=60)  # fmt: skip
    assert (tmp_path / "done").read_text() == "written\n"
