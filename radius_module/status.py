"""What the FreeRADIUS processes and their spools say about themselves, for status, readiness and metrics.

Each process writes a small file every second; whoever asks reads it, and the backlog of the spools beside it.
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
from threading import Event
from typing import Any

from radius_module.spool.files import Backlog, backlog

log = logging.getLogger(__name__)

EVERY = 1.0
SPOOLS = ("auth", "acct")
#: A report that is older is from a process that has stopped, seconds.
_FRESH_SECONDS = 5.0


def keep(path: Path, facts: Callable[[], dict[str, object]], stopping: Event) -> None:
    """Write the facts anew until told to stop. A disk that takes them not is logged once for each reason."""
    said = ""
    while not stopping.wait(EVERY):
        try:
            fresh = path.with_suffix(".new")
            fresh.write_text(json.dumps(facts()), encoding="utf-8")
            fresh.replace(path)
            said = ""
        except OSError as wrong:
            if str(wrong) != said:
                log.warning("the report %s cannot be written: %s", path, wrong)
            said = str(wrong)


def report(state_dir: Path, process: str = "auth") -> dict[str, Any] | None:
    """A process' last report, `auth` or `acct`; None where it is too old to be from a server that runs."""
    try:
        found: dict[str, Any] = json.loads((state_dir / "run" / f"{process}.json").read_text(encoding="utf-8"))
        return found if time.time() - float(found["at"]) < _FRESH_SECONDS else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def directory_age(found: dict[str, Any] | None) -> float | None:
    """Seconds since the directory was last known to be the database's."""
    return None if found is None or not found.get("confirmed_at") else max(0.0, time.time() - found["confirmed_at"])


def backlogs(state_dir: Path) -> dict[str, Backlog]:
    """What is stored and not yet booked, by process; a spool that cannot be read is left out."""
    found = {}
    for name in SPOOLS:
        try:
            found[name] = backlog(state_dir / "spool" / name)
        except OSError:
            continue
    return found


@cache
def version() -> str | None:
    """Of the FreeRADIUS that is installed."""
    try:
        said = subprocess.run(
            ["/usr/sbin/freeradius", "-v"], capture_output=True, text=True, timeout=5, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"Version (\d+\.\d+\.\d+)", said)
    return found.group(1) if found else None
