"""The state of each service as s6 reports it, and bringing a service down."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from service.host.settings import Settings
from service.parts import Part
from service.s6 import leftovers, tree


@dataclass(frozen=True)
class State:
    """One part as its s6-supervise sees it. `seconds`: since it went up or down. `deaths`: recent ones."""

    name: str
    up: bool
    pid: int
    seconds: int
    deaths: int


def state(settings: Settings, part: Part) -> State | None:
    """None when no s6-supervise runs for the part."""
    service = tree.directory(settings) / part.name
    answer = _ask("s6-svstat", "-o", "up,pid,updownfor", str(service))
    if answer is None:
        return None
    up, pid, seconds = answer.split()
    deaths = _ask("s6-svdt", str(service)) or ""
    return State(part.name, up == "true", int(pid), int(seconds), len(deaths.splitlines()))


def down(settings: Settings, part: Part) -> None:
    """Bring a part down for good and wait for it; s6 kills it when its grace period is over."""
    service = tree.directory(settings) / part.name
    if _ask("s6-svok", str(service)) is not None:
        _ask("s6-svc", "-wD", "-T", str((part.grace_seconds + 5) * 1000), "-d", str(service))


def up(settings: Settings, part: Part) -> None:
    """Bring a part up that was brought down."""
    _ask("s6-svc", "-u", str(tree.directory(settings) / part.name))


def of_tree(settings: Settings) -> list[int]:
    """Pids of s6-svscan, s6-supervise and the loggers of this installation, known by their working directory."""
    scan = tree.directory(settings)
    directories = [scan, *scan.glob("*"), *scan.glob("*/log")] if scan.exists() else []
    places = {(status.st_dev, status.st_ino) for status in map(Path.stat, directories)}
    return [pid for pid in leftovers.pids() if _place(pid) in places and _program(pid).startswith("s6-")]


def _place(pid: int) -> tuple[int, int] | None:
    try:
        status = Path(f"/proc/{pid}/cwd").stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _ask(*command: str) -> str | None:
    """The program's output, or None when it exits with an error."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    return done.stdout if done.returncode == 0 else None
