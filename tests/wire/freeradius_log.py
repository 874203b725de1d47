"""FreeRADIUS' own log: the lines that tell of a reply that failed open, or of anything else gone wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

PARTS = ("auth", "acct")
_COMPLAINT = re.compile(r": (Error|Auth): |[Uu]nknown attribute|Failed|Traceback|ERROR|Assertion|out of memory")


def lines(state_dir: Path, part: str) -> list[str]:
    """Everything that the part has logged, rotated files included, the oldest first."""
    directory = state_dir / "log" / part
    files = sorted(directory.glob("@*")) + list(directory.glob("current"))
    return [line for file in files for line in file.read_text(encoding="utf-8", errors="replace").splitlines()]


def complaints(state_dir: Path, part: str) -> list[str]:
    """The lines that should not be there on a good day."""
    return [line for line in lines(state_dir, part) if _COMPLAINT.search(line)]


def unexpected_lines(state_dir: Path, expected: Iterable[str]) -> list[str]:
    """Complaints that match none of the regular expressions."""
    known = [re.compile(pattern) for pattern in expected]
    return [
        f"{part}: {line}"
        for part in PARTS
        for line in complaints(state_dir, part)
        if not any(pattern.search(line) for pattern in known)
    ]
