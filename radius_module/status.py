"""What the RADIUS processes report about themselves and their spools, for status, readiness and metrics.

Each process writes a small file every second. It holds counts and no customer's data, for the API reads it; the spools
themselves are for the RADIUS processes alone, and the writer says how much waits in them.
"""

from __future__ import annotations

import json
import logging
import re
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from math import inf
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

from models.deadline import scaled
from radius_module.replace_file import replace_text
from radius_module.steady_clock import BOOT

log = logging.getLogger(__name__)

EVERY = 1.0
SPOOLS = ("auth", "acct")
#: The processes that report, and what is in trouble where one does not.
PROCESSES = {"auth": "directory", "acct": "spool", "writer": "books"}
#: Logins are answered from older data only while something is wrong, seconds.
OLDEST_DIRECTORY = scaled(30.0)
#: A report that is older is from a process that has stopped, seconds.
_FRESH_SECONDS = 5.0
#: The release of FreeRADIUS that upstream recommends, or a later one.
_PREFERRED = (3, 2, 11)


class Trouble(NamedTuple):
    """What keeps a process from doing its work, in a word and in a sentence."""

    code: str
    text: str


def moment() -> dict[str, object]:
    """For a report: when it is written, for people; and how its readers know how old it is, whatever the clock says."""
    return {"at": time.time(), "boot": BOOT, "tick": time.monotonic()}


def age_of(written: dict[str, Any]) -> float:
    """Seconds since a report was written; infinite for one of another boot."""
    return time.monotonic() - float(written["tick"]) if written["boot"] == BOOT else inf


def described(troubles: Sequence[Trouble], warnings: Sequence[Trouble] = ()) -> dict[str, list[list[str]]]:
    """For a report: what keeps the process from its work, and what an operator should look at."""
    return {"troubles": [list(trouble) for trouble in troubles], "warnings": [list(warning) for warning in warnings]}


def directory_troubles(age: float) -> list[Trouble]:
    """Of a process whose data was last known to be the database's `age` seconds ago."""
    if age <= OLDEST_DIRECTORY:
        return []
    return [Trouble("directory", f"the database was last heard {age:.0f} s ago; what is known is served from memory")]


def troubles(state_dir: Path) -> list[tuple[str, Trouble]]:
    """(process, trouble) of all processes; one that does not report is in trouble itself."""
    pairs = []
    for process, concern in PROCESSES.items():
        written = report(state_dir, process)
        silent = [(concern, f"it does not report about itself: see the log of {process}")]
        pairs += [(process, Trouble(*words)) for words in (silent if written is None else written.get("troubles", ()))]
    return pairs


def warnings(state_dir: Path) -> list[tuple[str, Trouble]]:
    """(process, warning) of all processes that report."""
    reports = ((process, report(state_dir, process) or {}) for process in PROCESSES)
    return [(process, Trouble(*words)) for process, written in reports for words in written.get("warnings", ())]


def keep_written(state_dir: Path, process: str, facts: Callable[[], dict[str, object]], stopping: Event) -> None:
    """Begin a thread that writes the process's report anew each second until `stopping`."""
    path = report_file(state_dir, process)
    Thread(target=_keep, args=(path, facts, stopping), name="status", daemon=True).start()


def report_file(state_dir: Path, process: str) -> Path:
    """Where a process reports."""
    return state_dir / "run" / "radius" / f"{process}.json"


def write(path: Path, facts: dict[str, object]) -> None:
    """A report, for this account's group as well: the API is in it. Raises OSError."""
    replace_text(path, json.dumps(facts), mode=0o640)


def _keep(path: Path, facts: Callable[[], dict[str, object]], stopping: Event) -> None:
    """A failed write is logged once for each reason."""
    logged = ""
    while True:
        try:
            write(path, facts())
            logged = ""
        except OSError as error:
            if str(error) != logged:
                log.warning("the report %s cannot be written: %s", path, error)
            logged = str(error)
        if stopping.wait(EVERY):
            return


def report(state_dir: Path, process: str = "auth") -> dict[str, Any] | None:
    """A process' last report; None where it is too old to be from a server that runs."""
    try:
        written: dict[str, Any] = json.loads(report_file(state_dir, process).read_text(encoding="utf-8"))
        return written if age_of(written) < _FRESH_SECONDS else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def unsigned_requests(state_dir: Path) -> dict[int, tuple[int, float]]:
    """Device → Access-Requests dropped since the login process started for want of a signature, time of the last."""
    written = report(state_dir)
    counted = {} if written is None else written.get("unsigned", {})
    return {int(device_id): (int(count), float(last)) for device_id, (count, last) in counted.items()}


def directory_age(written: dict[str, Any] | None) -> float | None:
    """Seconds since a report's directory was last known to be the database's."""
    age = None if written is None else written.get("directory_age")
    return None if written is None or age is None else max(0.0, float(age) + age_of(written))


class SpoolState(NamedTuple):
    """A spool as the writer last saw it."""

    #: Stored and not yet booked.
    records: int
    octets: int
    #: Since when the oldest of them waits, seconds.
    oldest_seconds: float
    #: How many were booked, by kind.
    booked: dict[str, int]


def spools(state_dir: Path) -> dict[str, SpoolState]:
    """By the process whose spool it is; empty where no writer reports."""
    written = report(state_dir, "writer") or {}
    try:
        return {name: SpoolState(**state) for name, state in written["spools"].items()}
    except (KeyError, TypeError, AttributeError):
        return {}


def dropped_log_lines(state_dir: Path) -> dict[str, int]:
    """Part → lines of its log that were dropped, as its logger counts them (service/s6/log_pump.py)."""
    counted = {}
    for path in sorted(state_dir.glob("s6/*/log/dropped")):
        with suppress(OSError, ValueError):
            counted[path.parent.parent.name] = int(path.read_text(encoding="ascii"))
    return counted


@cache
def version_warning() -> str | None:
    """One line about a FreeRADIUS that works and is not the best one; the same as `make status` prints."""
    number = version()
    if number is None or tuple(map(int, number.split("."))) >= _PREFERRED:
        return None
    offered = f"FreeRADIUS {number} is what Debian offers"
    return f"{offered}; upstream recommends 3.2.11 or later: use it when it is available to you."


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
