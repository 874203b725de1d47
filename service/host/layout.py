"""Where things lie below STATE_DIR, who owns them, and the socket's directory.

Root owns STATE_DIR, the service tree, the logs and the secrets; the parts own only what they write.
"""

import hashlib
import os
import stat
from pathlib import Path

from service.errors import Refusal
from service.host.settings import Settings

WRITTEN_BY_PARTS = ("pg", "run", "spool", "snapshot")
_SOCKET_PATH_LIMIT = 107  # bytes in sockaddr_un.sun_path, the closing NUL left out
_SOCKET_NAME = ".s.PGSQL.5432"


def prepare(settings: Settings) -> None:
    """Create the directories of STATE_DIR with their owners and modes; safe to repeat."""
    state = settings.state_dir
    try:
        state.mkdir(parents=True, exist_ok=True)
        # Traversable, so that the parts reach their own directories; secret files have their own mode.
        state.chmod(0o711)
        for name in ("s6", "log"):
            (state / name).mkdir(mode=0o755, exist_ok=True)
        for name in WRITTEN_BY_PARTS:
            _private(state / name, settings)
        _private(socket_directory(settings), settings)
    except PermissionError as error:
        raise Refusal(
            f"{error.filename} cannot be written by {settings.account.name}: choose another STATE_DIR."
        ) from None
    except FileExistsError as error:
        raise Refusal(f"{error.filename} is in the way: STATE_DIR must be a directory for this system alone.") from None


def refuse_foreign(settings: Settings) -> None:
    """Another user's installation cannot be read from here: say so rather than "not running"."""
    if os.geteuid() != 0 and settings.state_dir.exists() and settings.state_dir.stat().st_uid != os.geteuid():
        raise Refusal(f"{settings.state_dir} belongs to another user: run this as that user, or set STATE_DIR.")


def socket_directory(settings: Settings) -> Path:
    """STATE_DIR/run, or a short path where the socket's full name would exceed the kernel's limit."""
    inside = settings.state_dir / "run"
    if len(os.fsencode(inside / _SOCKET_NAME)) <= _SOCKET_PATH_LIMIT:
        return inside
    digest = hashlib.sha256(os.fsencode(settings.state_dir)).hexdigest()[:16]
    if settings.account.switch:
        return Path("/run") / f"infora-{digest}"
    return Path("/tmp") / f"infora-{settings.account.uid}-{digest}"  # noqa: S108 - owner and mode are checked


def _private(path: Path, settings: Settings) -> None:
    """A directory for the parts' account alone. Raises Refusal when it belongs to another user."""
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (os.geteuid(), settings.account.uid):
        raise Refusal(f"{path} belongs to somebody else: remove it or choose another STATE_DIR.")
    settings.account.own(path)
    path.chmod(0o700)
