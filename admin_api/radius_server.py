"""What the FreeRADIUS side says about itself in STATE_DIR: its report, and what its spools still hold."""

from __future__ import annotations

import json
import re
import subprocess
import time
from functools import cache
from pathlib import Path
from typing import Any

from radius_module.spool.files import Backlog, backlog

SPOOLS = ("auth", "acct")
#: The report is written every second.
_FRESH_SECONDS = 5.0


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
