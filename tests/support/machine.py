"""The machine that the tests run on."""

from __future__ import annotations

import os


def machine() -> float:
    """How much slower this machine is because others use it: its load a processor, at least 1."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
