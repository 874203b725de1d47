"""How often FreeRADIUS has ended without being asked to, and which addresses it had heard last.

Known from the report that the process before left behind (radius_module.status): one that was asked to end says so. The
addresses are those that FreeRADIUS asked about as clients, which it does every few seconds for each that sends.
"""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from typing import Any

from radius_module.status import Trouble
from radius_module.steady_clock import since_boot

#: An hour without a crash ends the alarm; one alone is none.
_REMEMBERED, _ALARMING = 3600.0, 2
_ADDRESSES = 20


class Crashes:
    """Of one process and those before it."""

    def __init__(self, report: Path) -> None:
        before = _read(report)
        now = since_boot()
        times = [moment for moment in before.get("crashes", []) if 0 <= now - moment < _REMEMBERED]
        self._suspects: list[str] = list(before.get("crash_addresses", []))
        self.total = int(before.get("crashes_total", 0))
        if before and not before.get("stopped"):
            times.append(now)
            self.total += 1
            self._suspects = list(before.get("heard_last", []))
        self._times: list[float] = times
        self._heard: deque[str] = deque(maxlen=_ADDRESSES)

    def hear(self, address: str) -> None:
        """FreeRADIUS asks about a client."""
        if not self._heard or self._heard[-1] != address:
            self._heard.append(address)

    def warnings(self) -> list[Trouble]:
        """An alarm where it has happened repeatedly within the hour."""
        recent = [moment for moment in self._times if since_boot() - moment < _REMEMBERED]
        if len(recent) < _ALARMING:
            return []
        heard = ", ".join(self._suspects[-5:]) or "nobody"
        ended = f"FreeRADIUS has ended unasked {len(recent)} times within an hour"
        return [Trouble("crashes", f"{ended}; last heard: {heard}")]

    def facts(self) -> dict[str, object]:
        """For the report, and so for the next process."""
        return {
            "crashes": self._times, "crashes_total": self.total, "crash_addresses": self._suspects,
            "heard_last": list(self._heard),
        }  # fmt: skip


def _read(report: Path) -> dict[str, Any]:
    try:
        written = json.loads(report.read_text(encoding="utf-8"))
        return written if isinstance(written, dict) else {}
    except (OSError, ValueError):
        return {}
