"""`make backup TO=…`: database, keys, spool and settings of an installation that goes on running, in one file."""

import json
import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service.backup import age, archive, database, proof, running, spool
from service.backup.archive import Archive
from service.backup.database import Moment
from service.database import urls
from service.errors import Refusal
from service.host import secret_file
from service.host.secret_file import Secrets
from service.host.settings import DEMO_REMOVED, Settings
from service.progress import Progress, say

#: Name of the backups' private key among the secrets; no part is given it.
KEY = "backup_key"
#: Where a timer puts them, and how many of those are kept.
FOLDER, KEPT = "backups", 14
_NAME = re.compile(r"infora-\d{8}T\d{6}Z\.age")


def save(settings: Settings, to: Path | None, keep: int | None, *, prove: bool) -> int:
    """Write one and read it back; with `prove`, restore it beside the running system and compare."""
    os.nice(10)  # nobody waits for it
    progress = Progress()
    settings = running.settings_now(settings)
    own_folder = settings.state_dir / FOLDER
    to = own_folder if to is None else to.absolute()
    file = _file_in(to)
    variables = running.environment(settings)
    secrets = secret_file.load_or_create(settings.state_dir, variables)
    identity, recipients = _key(settings)
    with database.answering(settings, secrets):
        _write(settings, secrets, identity, recipients, file, progress)
    if identity is None:
        progress.step("not read back: its private key is not here")
    else:
        proof.check(settings, file, identity)
        progress.step("read back: whole")
    if prove:
        proof.prove(settings, file, identity or "", progress)
    if identity is not None:
        proof.leave_notice(settings, proved=prove)
    remove_older(file.parent, KEPT if keep is None and file.parent == own_folder else keep or 0)
    say(f"{file}")
    if identity is not None:
        say(f"Its key is the line {KEY.upper()} of {settings.state_dir / secret_file.FILE}: keep a copy of that line "
            "elsewhere. Whoever has both has everything.")  # fmt: skip
    return 0


def _file_in(to: Path) -> Path:
    """A new name in that directory, or the very file."""
    file = to if to.suffix == ".age" else to / datetime.now(UTC).strftime("infora-%Y%m%dT%H%M%SZ.age")
    if file.exists():
        raise Refusal(f"{file} exists: give another name, or a directory.")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return file


def _key(settings: Settings) -> tuple[str | None, list[str]]:
    """(private key, for whom); the private key is None where only the public ones are here."""
    if settings.backup_recipients is not None:
        return None, ["-R", str(settings.backup_recipients)]
    identity = secret_file.load_or_add(settings.state_dir, KEY, age.new_identity)
    return identity, ["-r", age.recipient_of(identity)]


def _write(
    settings: Settings, secrets: Secrets, identity: str | None, recipients: list[str], file: Path, progress: Progress
) -> None:
    """Under another name until it is whole: what has the name of a backup is one."""
    partial = file.with_suffix(".part")
    partial.unlink(missing_ok=True)
    try:
        with age.encrypted(partial, recipients) as stream:
            backup = Archive(stream)
            _fill(backup, settings, secrets, identity, progress)
            backup.close()
        partial.rename(file)
    finally:
        partial.unlink(missing_ok=True)
    _sync(file.parent)
    progress.step(f"written: {file.stat().st_size / 1e6:.1f} MB")


def _fill(backup: Archive, settings: Settings, secrets: Secrets, identity: str | None, progress: Progress) -> None:
    # The spool before the database: what is booked and put away meanwhile is in the dump.
    waiting = list(spool.waiting(settings))
    owner = urls.of(settings, secrets).owner

    def about(moment: Moment) -> None:
        content = _about(settings, owner, moment)
        backup.add(archive.ABOUT, json.dumps(content).encode())
        further = {KEY: identity} if identity else {}
        backup.add(archive.SECRETS, secret_file.text_of(secrets, further).encode())
        for name, path in ((archive.DEMO, settings.state_dir / "demo.json"), (archive.NODE, spool.node_file(settings))):
            if path.exists():
                backup.add(name, path.read_bytes())
        for name, segment in waiting:
            backup.add(name, segment)
        rows = sum(of_table.rows for of_table in moment.prints.values())
        progress.step(f"{len(waiting)} segments of the spool; {rows} rows in {len(moment.prints)} tables")

    octets = database.dump(settings, owner, about, backup.add_dump)
    progress.step(f"database dumped: {octets / 1e6:.1f} MB")


def _about(settings: Settings, owner: str, moment: Moment) -> dict[str, Any]:
    return {
        "format": archive.FORMAT,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "database": urls.PRIVATE_DATABASE if settings.database_url is None else urls.database_name(owner),
        "server_version": moment.server_version,
        "revision": moment.revision,
        "roles": moment.roles,
        "settings": running.kept(running.environment(settings)),
        "demo_removed": (settings.state_dir / DEMO_REMOVED).exists(),
        "fingerprints": moment.prints,
    }


def remove_older(folder: Path, keep: int) -> None:
    """All but the newest so many of those that were made here; 0 keeps all."""
    if keep:
        for path in sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))[:-keep]:
            path.unlink(missing_ok=True)
    for path in folder.glob("infora-*.part"):
        if time.time() - path.stat().st_mtime > 86_400:  # of a backup that was killed
            path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
