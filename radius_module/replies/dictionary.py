"""FreeRADIUS' own dictionaries: which attributes there are and what their values look like.

Read once, when an attribute that an operator wrote is first needed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

SYSTEM = Path("/usr/share/freeradius/dictionary")


class Definition(NamedTuple):
    """An attribute that can travel in a packet."""

    name: str
    kind: str
    #: Names of values → numbers.
    values: dict[str, int]


@cache
def definitions(path: Path = SYSTEM) -> dict[str, Definition]:
    """Every attribute of the wire by its name in lower case. Internal ones (above 255, no vendor) are left out."""
    by_name: dict[str, Definition] = {}
    _read(path, by_name)
    return by_name


def _read(path: Path, by_name: dict[str, Definition]) -> None:
    vendor = False
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split("#", 1)[0].split()
        match words[:1]:
            case ["$INCLUDE"]:
                _read(path.parent / words[1], by_name)
            case ["BEGIN-VENDOR"]:
                vendor = True
            case ["END-VENDOR"]:
                vendor = False
            case ["ATTRIBUTE"] if len(words) >= 4:
                _attribute(words, vendor, by_name)
            case ["VALUE"] if len(words) >= 4 and words[1].lower() in by_name:
                by_name[words[1].lower()].values[words[2].lower()] = int(words[3], 0)


def _attribute(words: list[str], vendor: bool, by_name: dict[str, Definition]) -> None:
    number = words[2]
    if vendor or (number.isdigit() and int(number) <= 255):
        by_name[words[1].lower()] = Definition(words[1], words[3].split("[")[0], {})
