"""What the FreeRADIUS processes and their spools report about themselves, for status, readiness and metrics.

Each process writes a small file every second; readers take it, and the backlog of the spools beside it.
"""

from __future__ import annotations

import json
import logging
import re
import subprocess
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Event, Thread
from typing import Any

from radius_module.replace_file import replace_text
from radius_module.spool.files import Backlog, backlog

log = logging.getLogger(__name__)

EVERY = 1.0
SPOOLS = ("auth", "acct")
#: A report that is older is from a process that has stopped, seconds.
_FRESH_SECONDS = 5.0


def keep_written(state_dir: Path, process: str, facts: Callable[[], dict[str, object]], stopping: Event) -> None:
    """Begin a thread that writes the process's report anew each second until `stopping`."""
    path = state_dir / "run" / f"{process}.json"
    Thread(target=_write, args=(path, facts, stopping), name="status", daemon=True).start()


def _write(path: Path, facts: Callable[[], dict[str, object]], stopping: Event) -> None:
    """A failed write is logged once for each reason."""
    logged = ""
    while not stopping.wait(EVERY):
        try:
            replace_text(path, json.dumps(facts()))
            logged = ""
        except OSError as error:
            if str(error) != logged:
                log.warning("the report %s cannot be written: %s", path, error)
            logged = str(error)


def report(state_dir: Path, process: str = "auth") -> dict[str, Any] | None:
    """A process' last report, `auth` or `acct`; None where it is too old to be from a server that runs."""
    try:
        written: dict[str, Any] = json.loads((state_dir / "run" / f"{process}.json").read_text(encoding="utf-8"))
        return written if time.time() - float(written["at"]) < _FRESH_SECONDS else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def directory_age(written: dict[str, Any] | None) -> float | None:
    """Seconds since a report's directory was last known to be the database's."""
    confirmed_at = None if written is None else written.get("confirmed_at")
    return max(0.0, time.time() - confirmed_at) if confirmed_at else None


def backlogs(state_dir: Path) -> dict[str, Backlog]:
    """What is stored and not yet booked, by process; a spool that cannot be read is left out."""
    by_process = {}
    for name in SPOOLS:
        try:
            by_process[name] = backlog(state_dir / "spool" / name)
        except OSError:
            continue
    return by_process


@cache
def version() -> str | None:
    """Version of the installed FreeRADIUS."""
    try:
        printed = subprocess.run(
            ["/usr/sbin/freeradius", "-v"], capture_output=True, text=True, timeout=5, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    number = re.search(r"Version (\d+\.\d+\.\d+)", printed)
    return number.group(1) if number else None
