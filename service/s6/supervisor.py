"""Starts and ends s6-svscan, the root of the service tree.

In the foreground the tree ends with the process that started it, however that process dies. In the
background s6-svscan has no parent to follow; its s6-supervise children survive its death.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from service import parts
from service.errors import Refusal
from service.host import lock, namespace
from service.host.settings import Settings
from service.s6 import leftovers, services, tree

_PR_SET_PDEATHSIG = 1
_PID_FILE = "supervisor.pid"


def launch(
    settings: Settings, *, with_parent: bool, variables: Mapping[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    """Start the tree that has been written, with `variables` (the process's own when None) as its settings.

    Raises Refusal when STATE_DIR already has a running one.
    """
    refuse_if_running(settings)
    command = [sys.executable, "-m", "service", "svscan"]
    if with_parent:
        command.append(str(os.getpid()))
    with (settings.state_dir / "log" / "supervisor.log").open("ab") as log:
        return subprocess.Popen(command, cwd=settings.home, stdin=subprocess.DEVNULL, stdout=log,  # noqa: S603
                                stderr=log, start_new_session=True, env=_environment(settings, variables))  # fmt: skip


def _environment(settings: Settings, variables: Mapping[str, str] | None) -> dict[str, str]:
    """The tree reads its settings at every start of a part: paths must not depend on the current directory."""
    base = dict(os.environ) if variables is None else {"PATH": os.environ.get("PATH", os.defpath), **variables}
    return base | {"STATE_DIR": str(settings.state_dir), "VENV": str(settings.venv)}


def wait_launched(settings: Settings, process: "subprocess.Popen[bytes]", seconds: float = 20) -> None:
    """Until s6-svscan supervises the tree. Raises Refusal with the last line of its log when it cannot."""
    deadline = time.monotonic() + seconds
    while not _is_svscan(process.pid):
        if process.poll() is not None or time.monotonic() > deadline:
            log = (settings.state_dir / "log" / "supervisor.log").read_text(errors="replace").strip().splitlines()
            raise Refusal(log[-1] if log else "s6-svscan could not be started: run scripts/setup.")
        time.sleep(0.02)


def _is_svscan(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip() == "s6-svscan"
    return False


def rescan(settings: Settings) -> None:
    """Make the running tree pick up services written since its last scan."""
    subprocess.run(["s6-svscanctl", "-a", str(tree.directory(settings))], check=True, timeout=10)  # noqa: S603, S607


def become_svscan(settings: Settings, parent: int | None) -> NoReturn:
    """`python -m service svscan [PARENT]`: become s6-svscan; with PARENT, end when that process ends."""
    if parent is not None:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            raise Refusal("The process that started the supervisor has ended.")
    lock.hold_alone(settings)
    (settings.state_dir / _PID_FILE).write_text(f"{os.getpid()}\n")
    namespace.enter_if_needed(settings)
    scan = str(tree.directory(settings))
    os.chdir(scan)
    os.execvp("s6-svscan", ["s6-svscan", scan])  # noqa: S606, S607


def refuse_if_running(settings: Settings) -> None:
    if pid(settings) is not None:
        raise Refusal(f"The installation in {settings.state_dir} is already running: see `make status`, or give "
                      "another STATE_DIR and other ports.")  # fmt: skip
    if services.of_tree(settings):
        raise Refusal(f"Parts of the installation in {settings.state_dir} run without their supervisor: "
                      "run `make stop` first.")  # fmt: skip


def pid(settings: Settings) -> int | None:
    """The running s6-svscan of this STATE_DIR."""
    try:
        root = int((settings.state_dir / _PID_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return root if root in services.of_tree(settings) else None


def environment_of(root: int) -> dict[str, str]:
    """What a running one was started with: its settings may differ from those of a later call."""
    pairs = os.fsdecode(Path(f"/proc/{root}/environ").read_bytes()).split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def stop(settings: Settings) -> None:
    """End the whole tree: first the database's clients, then the database and the supervisor. Leaves no process."""
    for part in reversed(parts.PARTS):
        services.down(settings, part)
    root = pid(settings)
    if root is not None:
        with suppress(ProcessLookupError):
            os.kill(root, signal.SIGTERM)
        leftovers.wait_gone([root], seconds=10)
    end_remains(settings)
    (settings.state_dir / _PID_FILE).unlink(missing_ok=True)


def end_remains(settings: Settings) -> None:
    """Kill what outlived a supervisor that was killed itself."""
    deadline = time.monotonic() + 5
    while (remains := services.of_tree(settings)) and time.monotonic() < deadline:
        for process in remains:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        leftovers.wait_gone(remains, seconds=1)
    for part in parts.PARTS:
        leftovers.end(part.name, settings)


def log_tail(settings: Settings, part: str, lines: int = 15) -> list[str]:
    """The newest lines of the part's log."""
    path: Path = settings.state_dir / "log" / part / "current"
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        return []
