"""Backups in `/metrics`: how long ago the last whole one was made, and one was restored for proof."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

#: Written by `make backup` (service.backup.proof).
NOTICE = "run/radius/backup.json"


class BackupFigures(Collector):
    """Read from a file, so that they are there while the database is away."""

    def __init__(self, state_dir: Path) -> None:
        self._notice = state_dir / NOTICE

    def collect(self) -> Iterable[Metric]:
        try:
            notice = json.loads(self._notice.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            notice = {}
        yield GaugeMetricFamily("infora_backup_age_seconds", "Since the last backup that was read back and was whole.",
                                _age(notice, "made_at"))  # fmt: skip
        yield GaugeMetricFamily("infora_backup_proof_age_seconds", "Since a backup was last restored for proof.",
                                _age(notice, "proved_at"))  # fmt: skip


def _age(notice: object, name: str) -> float:
    """Never is no age of 0: an alarm on the age has to ring."""
    moment = notice.get(name) if isinstance(notice, dict) else None
    return max(0.0, time.time() - moment) if isinstance(moment, int | float) else math.inf
