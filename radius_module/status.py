"""What a FreeRADIUS process tells about itself, for status, readiness and metrics: a small file, every second."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from threading import Event

log = logging.getLogger(__name__)

EVERY = 1.0


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
