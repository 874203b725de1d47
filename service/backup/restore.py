"""`make restore FROM=…`: an installation out of its backup. Everything is read and judged before anything is changed.

What was there is put aside and never removed. A spool that outlived its database stays: what it holds that the backup
does not know is booked at the next start.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models import schema
from service.backup import age, archive, aside, database, proof, running, spool
from service.backup.save import KEY
from service.database import cluster, urls
from service.errors import Refusal
from service.host import layout, private_file, secret_file
from service.host.settings import DEMO_REMOVED, Settings
from service.progress import Progress, say, say_all

_FILES = {archive.DEMO: "demo.json"}


def restore(settings: Settings, source: Path, key: Path | None, *, overwrite: bool) -> int:
    """Raises Refusal before the first change, or with the database's own reason after it."""
    layout.refuse_foreign(settings)
    running.refuse(settings)
    progress = Progress()
    file = newest(source)
    identity = private_key(settings, key)
    about = proof.check(settings, file, identity)
    _judge(settings, about)
    progress.step(f"{file} is whole: of {about['made_at']}")
    place = aside.make_room(settings, file, identity, overwrite=overwrite)
    _load(settings, file, identity, about, progress)
    if place is not None:
        say(f"What was here before lies in {place}: remove it when all is well.")
    say_all(["Restored. Start it with the settings it had:",
             *(f"  {line}" for line in running.shown(about["settings"])), "  make start"])  # fmt: skip
    return 0


def newest(source: Path) -> Path:
    """The file, or the newest backup in the directory."""
    if not source.is_dir():
        if not source.is_file():
            raise Refusal(f"{source} is not there.")
        return source
    files = sorted(source.glob("infora-*.age"))
    if not files:
        raise Refusal(f"There is no backup in {source}.")
    return files[-1]


def private_key(settings: Settings, key: Path | None) -> str:
    if key is not None:
        return private_key_in(key)
    identity = secret_file.stored_secret(settings.state_dir, KEY)
    if identity is None:
        raise Refusal(f"The key of the backup is not in {settings.state_dir / secret_file.FILE}: give the file that "
                      f"holds it (KEY=FILE); it is the line {KEY.upper()} of the old installation's file.")  # fmt: skip
    return identity


def private_key_in(key: Path) -> str:
    """The private key in a file: of age-keygen, or the line of secrets.env."""
    try:
        text = key.read_text(encoding="utf-8")
    except OSError as error:
        raise Refusal(f"{key} cannot be read: {error.strerror}.") from None
    return age.identity_in(text.replace(f"{KEY.upper()}=", ""))


def _judge(settings: Settings, about: dict[str, Any]) -> None:
    """Raises Refusal for what this release, or this database, cannot be given."""
    revision = about["revision"]
    if revision is not None and not schema.is_known(revision):
        raise Refusal(f"The backup is of a later release (schema {revision}): restore it with that one.")
    name = urls.PRIVATE_DATABASE if settings.database_url is None else urls.database_name(settings.database_url)
    if name != about["database"]:
        raise Refusal(f"The backup's database is called {about['database']}, and its roles after it; this one is "
                      f"called {name}: restore into a database of the same name.")  # fmt: skip
    if settings.database_url is None and (newest := cluster.newest()) < about["server_version"] // 10_000:
        raise Refusal(f"The backup is of PostgreSQL {about['server_version'] // 10_000}, and {newest} is installed: "
                      "a dump does not go back to an earlier release.")  # fmt: skip


def _load(settings: Settings, file: Path, identity: str, about: dict[str, Any], progress: Progress) -> None:
    spool.discard(settings)
    secrets = secret_file.load_or_create(settings.state_dir, {})
    layout.prepare(settings)
    with database.answering(settings, secrets) as url:
        if missing := database.create_roles(url.owner, about["roles"]):
            progress.step(f"roles made without a login: {', '.join(missing)}")
        database.load(settings, url.owner, _database_and_files(settings, file, identity))
        rows = proof.compare(url.owner, about)
        progress.step(f"database restored and compared: {rows} rows")
        returned = spool.settle(settings, database.booked_positions(url.owner))
    progress.step(f"spool in place; {returned} segments that were kept here will be booked again where they are newer")
    if about["demo_removed"]:
        (settings.state_dir / DEMO_REMOVED).touch(mode=0o600)
    (settings.state_dir / "schema-ready").unlink(missing_ok=True)  # the next start looks at the schema first


def _database_and_files(settings: Settings, file: Path, identity: str) -> Iterator[bytes]:
    for member in archive.members(file, identity):
        if member.name.startswith(archive.DUMP):
            yield member.content
        elif member.name.startswith(archive.SPOOL) and member.name != archive.NODE:
            spool.put(settings, member.name, member.content)
        elif member.name == archive.NODE and not spool.node_file(settings).exists():
            spool.put_node(settings, member.content)
        elif member.name in _FILES:
            private_file.write(settings.state_dir / _FILES[member.name], member.content.decode())
