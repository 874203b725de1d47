"""`python -m service keys`: every secret of the containers, generated once, and a copy for each who needs it.

The volume's files belong to the user of this one-shot container, who is in the groups of the others: a directory is
for one group, and there is no container in which root would be needed.
"""

import grp
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from service.errors import Refusal
from service.host import private_file, secret_file
from service.host.settings import Settings
from service.progress import say

#: Of PostgreSQL's stock image, Debian's variant.
POSTGRES_GROUP = 999
#: Where STATE_DIR's volume of secrets has them all, for its owner alone.
_ALL = "all"
OWNER = "DB_OWNER_PASSWORD"
_ENGINE, _API = "DB_ENGINE_PASSWORD", "DB_API_PASSWORD"
_KEYS = "CREDENTIAL_KEYS"
#: Directory → (group that reads it, what is in it).
RECIPIENTS: Mapping[str, tuple[str | int, tuple[str, ...]]] = {
    "postgres": (POSTGRES_GROUP, (OWNER,)),
    # Whoever owns the schema sees and changes everything anyway.
    "owner": ("infora-db", (OWNER, _ENGINE, _API, _KEYS, "JWT_SECRET_KEY", "RADIUS_SECRET")),
    "radius": ("infora-radius", (_ENGINE, _KEYS, "RADIUS_SECRET")),
    "writer": ("infora-radius", (_ENGINE,)),
    "api": ("infora-api", (_API, _KEYS, "JWT_SECRET_KEY")),
}


def directory(settings: Settings) -> Path:
    return settings.state_dir / "keys"


def create(settings: Settings) -> int:
    """Safe to repeat: what is there stays, and copies follow it. A value in the environment wins, and stays."""
    os.umask(0o027)
    kept = directory(settings) / _ALL
    kept.mkdir(mode=0o700, exist_ok=True)
    names = sorted({name for _, named in RECIPIENTS.values() for name in named})
    values = {name: os.environ.get(name) or _stored(kept / name) or _generated(name) for name in names}
    secret_file.check(secret_file.given(values))
    for name, value in values.items():
        if value != _stored(kept / name):
            private_file.write(kept / name, value + "\n")
    for recipient, (group, needed) in RECIPIENTS.items():
        place = directory(settings) / recipient
        _give(place, group, 0o750)
        for name in needed:
            _write(place / name, values[name])
            _give(place / name, group, 0o440)
        for former in {path.name for path in place.iterdir()} - set(needed):
            (place / former).unlink()
    say(f"Secrets are in place for {', '.join(RECIPIENTS)}.")
    return 0


def read(place: Path) -> dict[str, str]:
    """The secrets of one recipient, by name. Raises Refusal where they are not there."""
    try:
        return {path.name: path.read_text(encoding="utf-8").strip() for path in place.iterdir()}
    except OSError as error:
        raise Refusal(f"{error.filename} cannot be read: are the secrets mounted, and made by `keys`?") from None


def _stored(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def _generated(name: str) -> str:
    return secrets.token_urlsafe(32) if name == OWNER else secret_file.generate(name.lower())


def _write(path: Path, value: str) -> None:
    partial = path.with_name(f".{path.name}")
    partial.unlink(missing_ok=True)
    partial.write_text(value + "\n", encoding="utf-8")
    partial.replace(path)


def _give(path: Path, group: str | int, mode: int) -> None:
    """To a group that this user is in, which needs no right of root's."""
    if not path.exists():
        path.mkdir(mode=0o700)
    number = group if isinstance(group, int) else grp.getgrnam(group).gr_gid
    os.chown(path, -1, number)
    path.chmod(mode)
