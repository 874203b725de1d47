"""Room for a restoration: what is there is judged, and moved aside at the operator's word. Nothing is removed."""

from datetime import UTC, datetime
from pathlib import Path

from service.backup import archive, database, spool
from service.errors import Refusal
from service.host import secret_file
from service.host.settings import Settings

_WORD = "OVERWRITE=yes"


def make_room(settings: Settings, file: Path, identity: str, *, overwrite: bool) -> Path | None:
    """The backup's secrets are in place afterwards, and no database is there; where the former one is."""
    wanted = next(member.content for member in archive.members(file, identity) if member.name == archive.SECRETS)
    state, cluster = settings.state_dir, settings.state_dir / "pg" / "data"
    state.mkdir(parents=True, exist_ok=True)
    if settings.database_url is not None:
        _refuse_outside(settings)
    elif cluster.exists() and not overwrite:
        raise Refusal(f"{cluster} holds a database: give another STATE_DIR, or say {_WORD} (it is moved aside, "
                      "and what its spool holds beyond the backup is booked again).")  # fmt: skip
    same = _is_same(state, wanted)
    if not same and (state / secret_file.FILE).exists() and not overwrite:
        raise Refusal(f"{state / secret_file.FILE} holds other keys than the backup: this is another installation. "
                      f"Give another STATE_DIR, or say {_WORD}.")  # fmt: skip
    names = ["pg/data", "snapshot", "demo.json"]
    is_other = not same and (state / secret_file.FILE).exists()
    if is_other:
        names.append(secret_file.FILE)
    if is_other or not _is_same_node(settings, file, identity):
        names.append("spool")  # the database would take these records for others than they are
    place = _move(state, names)
    if not same:
        secret_file.put(state, wanted.decode())
    return place


def _refuse_outside(settings: Settings) -> None:
    assert settings.database_url is not None  # noqa: S101  # the caller's condition
    if not database.is_empty(settings.database_url):
        raise Refusal("The database of DATABASE_URL is not empty: rename it and create an empty one of its name.")


def _is_same(state: Path, wanted: bytes) -> bool:
    """Whether the keys that are here open what is in the backup."""
    here = secret_file.stored_secret(state, "credential_keys")
    return here is not None and f"CREDENTIAL_KEYS={here}".encode() in wanted.splitlines()


def _is_same_node(settings: Settings, file: Path, identity: str) -> bool:
    node = spool.node_file(settings)
    if not node.exists():
        return True
    return any(member.name == archive.NODE and member.content == node.read_bytes()
               for member in archive.members(file, identity))  # fmt: skip


def _move(state: Path, names: list[str]) -> Path | None:
    place = state / datetime.now(UTC).strftime("before-restore-%Y%m%dT%H%M%SZ")
    moved = False
    for name in names:
        if (state / name).exists():
            (place / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            (state / name).rename(place / name)
            moved = True
    return place if moved else None
