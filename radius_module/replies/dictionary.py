"""FreeRADIUS' own dictionaries: which attributes there are and what their values look like.

Read once, when an attribute that an operator wrote is first needed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

SYSTEM = Path("/usr/share/freeradius/dictionary")

#: Type and length; besides, for a vendor: its number, and at most four octets for its own type and length and a byte
#: for continuation; for a value that is encrypted: salt, length and padding (RFC 2868 section 3.5).
_HEAD, _OF_VENDOR, _ENCRYPTION = 2, 4 + 2, 2 + 1 + 15


class Definition(NamedTuple):
    """An attribute that can travel in a packet."""

    name: str
    kind: str
    #: Names of values → numbers.
    values: dict[str, int]
    #: Octets that it takes besides its value, at most.
    overhead: int
    #: (vendor, 0 for none; number) of an attribute that is a type, a length and its value (RFC 2865 sections 5, 5.26);
    #: None for those with tags, encryption or another layout.
    code: tuple[int, int] | None


@cache
def definitions(path: Path = SYSTEM) -> dict[str, Definition]:
    """Every attribute of the wire by its name in lower case. Internal ones (above 255, no vendor) are left out."""
    by_name: dict[str, Definition] = {}
    _read(path, by_name, {})
    return by_name


def _read(path: Path, by_name: dict[str, Definition], vendors: dict[str, int]) -> None:
    """`vendors`: their numbers by name; 0 where their attributes have a layout of their own."""
    vendor: int | None = None
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split("#", 1)[0].split()
        match words[:1]:
            case ["$INCLUDE"]:
                _read(path.parent / words[1], by_name, vendors)
            case ["VENDOR"] if len(words) >= 3:
                vendors[words[1]] = int(words[2], 0) if words[3:] in ([], ["format=1,1"]) else 0
            case ["BEGIN-VENDOR"]:
                vendor = vendors.get(words[1], 0) if len(words) == 2 else 0
            case ["END-VENDOR"]:
                vendor = None
            case ["ATTRIBUTE"] if len(words) >= 4:
                _attribute(words, vendor, by_name)
            case ["VALUE"] if len(words) >= 4 and words[1].lower() in by_name:
                by_name[words[1].lower()].values[words[2].lower()] = int(words[3], 0)


def _attribute(words: list[str], vendor: int | None, by_name: dict[str, Definition]) -> None:
    number = words[2]
    has_octet = number.isdigit() and int(number) <= 255
    if vendor is not None or has_octet:
        options = " ".join(words[4:])
        overhead = (_HEAD + _OF_VENDOR * (vendor is not None)
                    + ("has_tag" in options) + _ENCRYPTION * ("encrypt=" in options))  # fmt: skip
        code = (vendor or 0, int(number)) if has_octet and vendor != 0 and not options else None
        by_name[words[1].lower()] = Definition(words[1], words[3].split("[")[0], {}, overhead, code)
