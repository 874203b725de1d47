"""Where things lie below STATE_DIR and who owns them.

Root owns STATE_DIR, the service tree, the logs, the secrets and the way to the sockets; each kind of part owns only
what it writes, and lets in whom it serves (docs/decisions/0078-a-user-for-each-kind-of-part.md).
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from service.errors import Refusal
from service.host import ownership
from service.host.account import Account
from service.host.settings import Settings

_SOCKET_PATH_LIMIT = 107  # bytes in sockaddr_un.sun_path, the closing NUL left out
_SOCKET_NAME = "db/.s.PGSQL.5432"


class Place(NamedTuple):
    """A directory of one kind of part. `serves`: whether members of the account's group may pass through it."""

    path: Path
    account: Account
    serves: bool = False

    @property
    def mode(self) -> int:
        return 0o710 if self.serves and self.account.switch else 0o700


def places(settings: Settings) -> Iterator[Place]:
    """What the parts write, each with its owner."""
    state, accounts = settings.state_dir, settings.accounts
    yield Place(state / "pg", accounts.database)
    yield Place(state / "spool", accounts.radius)
    yield Place(state / "snapshot", accounts.radius)
    yield Place(reports_directory(settings), accounts.radius, serves=True)
    yield Place(api_directory(settings), accounts.api)
    yield Place(socket_directory(settings), accounts.database, serves=True)
    if radius_sockets(settings) != reports_directory(settings):
        yield Place(radius_sockets(settings), accounts.radius, serves=True)


def prepare(settings: Settings) -> None:
    """Create the directories of STATE_DIR with their owners and modes; safe to repeat, also while the parts run.

    What an earlier release left in the hands of its one user is handed over.
    """
    state = settings.state_dir
    try:
        state.mkdir(parents=True, exist_ok=True)
        # Traversable, so that the parts reach their own directories; secret files have their own mode.
        state.chmod(0o711)
        for name in ("s6", "log"):
            (state / name).mkdir(mode=0o755, exist_ok=True)
        for way in {state / "run", _sockets(settings)}:
            ownership.open_way(way, settings.accounts)
        for place in places(settings):
            ownership.give(place.path, place.account, place.mode)
    except PermissionError as error:
        name = settings.accounts.api.name
        raise Refusal(f"{error.filename} cannot be written by {name}: choose another STATE_DIR.") from None
    except FileExistsError as error:
        raise Refusal(f"{error.filename} is in the way: STATE_DIR must be a directory for this system alone.") from None


def refuse_foreign(settings: Settings) -> None:
    """Another user's installation cannot be read from here: say so rather than "not running"."""
    if os.geteuid() != 0 and settings.state_dir.exists() and settings.state_dir.stat().st_uid != os.geteuid():
        raise Refusal(f"{settings.state_dir} belongs to another user: run this as that user, or set STATE_DIR.")


def socket_directory(settings: Settings) -> Path:
    """Of PostgreSQL's socket."""
    return _sockets(settings) / "db"


def radius_sockets(settings: Settings) -> Path:
    """Of the sockets that the login process listens on."""
    return _sockets(settings) / "radius"


def reports_directory(settings: Settings) -> Path:
    """What the RADIUS processes say of themselves, for the API and `make status`."""
    return settings.state_dir / "run" / "radius"


def api_directory(settings: Settings) -> Path:
    """The API's own: its workers' heartbeats and counts."""
    return settings.state_dir / "run" / "api"


def home_of(role: str, settings: Settings) -> Path:
    """HOME of that kind of part."""
    homes = {"database": settings.state_dir / "pg", "radius": reports_directory(settings)}
    return homes.get(role, api_directory(settings))


def _sockets(settings: Settings) -> Path:
    """STATE_DIR/run, or a short path where a socket's full name would exceed the kernel's limit."""
    inside = settings.state_dir / "run"
    if len(os.fsencode(inside / _SOCKET_NAME)) <= _SOCKET_PATH_LIMIT:
        return inside
    digest = hashlib.sha256(os.fsencode(settings.state_dir)).hexdigest()[:16]
    if settings.accounts.are_apart:
        return Path("/run") / f"infora-{digest}"
    return Path("/tmp") / f"infora-{settings.accounts.api.uid}-{digest}"  # noqa: S108 - owner and mode are checked
