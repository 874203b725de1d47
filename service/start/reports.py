"""What a part reports about itself each second, in STATE_DIR/run/radius/<part>.json, for `make status`."""

import json
import time
from pathlib import Path
from typing import NamedTuple

from service.host import layout
from service.host.settings import Settings

_PARTS = ("auth", "acct", "writer")
#: An older report is from a process that has stopped, seconds.
_FRESH = 5.0


class Described(NamedTuple):
    """Sentences: what keeps the part from its work, and what an operator should look at."""

    troubles: list[str]
    warnings: list[str]


def read(settings: Settings, part: str) -> Described:
    """Parts that do not report have nothing to say."""
    if part not in _PARTS:
        return Described([], [])
    silent = Described(["it does not report about itself"], [])
    return described(layout.reports_directory(settings) / f"{part}.json") or silent


def is_in_order(settings: Settings, part: str) -> bool:
    """Whether the part, if it is one that reports, does so and has no trouble."""
    return not read(settings, part).troubles


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def described(report: Path) -> Described | None:
    """What a report says; None where it is old, whatever the wall clock says."""
    try:
        written = json.loads(report.read_text(encoding="utf-8"))
        if written["boot"] != _boot() or time.monotonic() - float(written["tick"]) >= _FRESH:
            return None
        troubles, warnings = ([str(text) for _code, text in written.get(kind, ())] for kind in ("troubles", "warnings"))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Described(troubles, warnings)
