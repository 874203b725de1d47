"""A backup's content: small members in a tar stream, and at its end a list of them with their digests.

Nothing of it lies on a disk unencrypted: it is written into age, and read from it, as a stream. The database's dump is
cut into members because a tar's member needs its size before its content.
"""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from service.backup import age
from service.errors import Refusal

#: Of this layout.
FORMAT = 1
ABOUT, SECRETS, DEMO, NODE, _LIST = "about.json", "secrets.env", "demo.json", "spool/node", "members.json"
SPOOL, DUMP = "spool/", "database/"
CHUNK = 4 << 20
_NAME = re.compile(r"about\.json|secrets\.env|demo\.json|members\.json|spool/node|database/\d{6}"
                   r"|spool/(auth|acct)/[0-9a-f-]{1,60}\.spool\.z")  # fmt: skip


class Member(NamedTuple):
    name: str
    content: bytes


class Archive:
    """A backup being written."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._tar = tarfile.open(fileobj=stream, mode="w|", bufsize=1 << 18)  # noqa: SIM115  # `close` ends it
        self._digests: dict[str, str] = {}

    def add(self, name: str, content: bytes) -> None:
        self._digests[name] = hashlib.sha256(content).hexdigest()
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(content), 0o600
        self._tar.addfile(entry, io.BytesIO(content))

    def add_dump(self, stream: IO[bytes]) -> int:
        """All of the database's dump; how many octets it had."""
        total = number = 0
        while chunk := stream.read(CHUNK):
            self.add(f"{DUMP}{number:06d}", chunk)
            total, number = total + len(chunk), number + 1
        return total

    def close(self) -> None:
        self.add(_LIST, json.dumps(self._digests).encode())
        self._tar.close()


def members(file: Path, identity: str) -> Iterator[Member]:
    """What a backup holds, in its order. Raises Refusal as soon as it is seen that something is altered or missing.

    Only after the last member is it certain that nothing is: who overwrites something goes through all of it before.
    """
    seen: dict[str, str] = {}
    listed: dict[str, str] | None = None
    with age.decrypted(file, identity) as stream:
        try:
            for name, content in _entries(stream):
                if name == _LIST:
                    listed = json.loads(content)
                    continue
                seen[name] = hashlib.sha256(content).hexdigest()
                yield Member(name, content)
        except (tarfile.TarError, ValueError, EOFError):
            listed = None
    if listed is None or listed != seen:
        raise Refusal(f"{file} is no whole backup: it was cut short or altered.")


def _entries(stream: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        for entry in tar:
            content = tar.extractfile(entry)
            if content is None or not _NAME.fullmatch(entry.name) or entry.size > 1 << 30:
                raise ValueError(entry.name)
            octets = content.read()
            if len(octets) != entry.size:
                raise EOFError(entry.name)
            yield entry.name, octets


def about_of(content: bytes) -> dict[str, Any]:
    """What a backup says about itself. Raises Refusal for a layout that this release does not know."""
    about: dict[str, Any] = json.loads(content)
    if about.get("format") != FORMAT:
        raise Refusal(f"The backup has layout {about.get('format')}, this release reads {FORMAT}: "
                      "restore it with the release that made it.")  # fmt: skip
    return about
