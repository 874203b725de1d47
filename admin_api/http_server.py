"""gunicorn's side of the API: its hooks. Given to gunicorn as `--config python:admin_api.http_server`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def on_starting(_server: Any) -> None:  # noqa: ANN401  # gunicorn's arbiter
    """Before the workers: the counts of an earlier run are no part of this one's."""
    directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not directory:
        return
    Path(directory).mkdir(mode=0o700, parents=True, exist_ok=True)
    for counts in Path(directory).glob("*.db"):
        counts.unlink()
