"""The spool's part of a backup, and what is done with a spool that outlived its database.

A segment is a checksummed file that only grows, so a copy of it is good at any moment. How far each is booked stands in
the database (spool_progress), for as long as the file exists: nothing is booked twice, whichever backup is restored.
"""

import os
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from service.host.account import Account
from service.host.settings import Settings

PROCESSES = ("acct", "auth")
#: Segments that are booked and kept for a restoration (radius_module.writer.booked_segments).
_BOOKED = "booked"
_SUFFIX, _COMPRESSED, _PARTIAL = ".spool", ".z", ".restored"
#: The writer's hint beside the segments, which speaks of another database after a restoration.
_HINT = "booked.json"
_LARGEST = 64 << 20


def node_file(settings: Settings) -> Path:
    """The name under which the database knows this spool's segments."""
    return settings.state_dir / "spool" / "node"


def waiting(settings: Settings) -> Iterator[tuple[str, bytes]]:
    """(member, content) of every segment that is not booked to its end.

    To be read before the database's dump: what is booked and put away meanwhile is then in the dump.
    """
    for process in PROCESSES:
        for path in sorted((settings.state_dir / "spool" / process).glob(f"*{_SUFFIX}")):
            with suppress(FileNotFoundError):  # booked to its end a moment ago
                yield f"spool/{process}/{path.name}{_COMPRESSED}", zlib.compress(path.read_bytes(), 1)


def put(settings: Settings, member: str, content: bytes) -> None:
    """A segment of a backup, under a name that no reader looks at before `settle`. One that is here is newer."""
    process, name = Path(member).parts[1:]
    directory = settings.state_dir / "spool" / process
    account = settings.accounts.radius
    _directory(directory, account)
    name = name.removesuffix(_COMPRESSED)
    if (directory / name).exists() or (directory / _BOOKED / name).exists():
        return
    opener = zlib.decompressobj()
    octets = opener.decompress(content, _LARGEST)
    _write(directory / f"{name}{_PARTIAL}", octets, account)


def put_node(settings: Settings, content: bytes) -> None:
    _write(node_file(settings), content, settings.accounts.radius)


def settle(settings: Settings, booked: dict[str, int]) -> int:
    """After the database: restored segments get their names, and kept ones return that it does not know to the end.

    `booked`: segment → octets of it that the restored database has. How many segments were kept here and return.
    """
    returned = 0
    for process in PROCESSES:
        directory = settings.state_dir / "spool" / process
        if not directory.is_dir():
            continue
        (directory / _HINT).unlink(missing_ok=True)
        for path in directory.glob(f"*{_PARTIAL}"):
            path.rename(path.with_suffix(""))
        for path in sorted((directory / _BOOKED).glob(f"*{_SUFFIX}")):
            if _has_more(path, booked.get(path.name, 0)):
                path.rename(directory / path.name)
                returned += 1
    return returned


def _has_more(path: Path, position: int) -> bool:
    """Whether records follow: an unused rest is zeroes."""
    with path.open("rb") as file:
        file.seek(position)
        return position == 0 or any(file.read(4))


def discard(settings: Settings) -> None:
    """What an interrupted restoration has left."""
    for path in (settings.state_dir / "spool").glob(f"*/*{_PARTIAL}"):
        path.unlink()


def _directory(path: Path, account: Account) -> None:
    if not path.is_dir():
        path.mkdir(mode=0o700)
        account.own(path)


def _write(path: Path, content: bytes, account: Account) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    account.own(path)
