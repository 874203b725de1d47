"""A backup is worth what its restoration is: read to its end, or restored beside the running system and compared."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg2

from models.secrets.keyring import PREFIX, CredentialError, Keyring
from service import part_environment
from service.backup import archive, database, fingerprints
from service.backup.fingerprints import Fingerprint
from service.errors import Refusal, last_line
from service.host import layout, secret_file
from service.host.secret_file import Secrets
from service.host.settings import Settings, from_environment
from service.progress import Progress

#: What the API may read of backups.
NOTICE = "backup.json"
#: Passwords that are opened with the backup's keys.
_OPENED = 1000
_PASSWORDS = f"select isp_id, customer_id, value from radcheck where value like '{PREFIX}%%' order by random() limit %s"  # noqa: S608


def check(settings: Settings, file: Path, identity: str) -> dict[str, Any]:
    """Read all of it, the database's dump too, and write nothing; what it says about itself. Raises Refusal."""
    about: dict[str, Any] = {}
    seen: set[str] = set()
    database.load(settings, None, _dump_of(file, identity, about, seen))
    if missing := {archive.ABOUT, archive.SECRETS, f"{archive.DUMP}{0:06d}"} - seen:
        raise Refusal(f"{file} is no whole backup: {', '.join(sorted(missing))} is missing.")
    return about


def _dump_of(file: Path, identity: str, about: dict[str, Any], seen: set[str]) -> Iterator[bytes]:
    for member in archive.members(file, identity):
        seen.add(member.name)
        if member.name == archive.ABOUT:
            about.update(archive.about_of(member.content))
        if member.name.startswith(archive.DUMP):
            yield member.content


def prove(settings: Settings, file: Path, identity: str, progress: Progress) -> None:
    """Restore it into a second instance, compare every table, open passwords, verify the books. Raises Refusal."""
    if not identity:
        raise Refusal("A restoration needs the private key: give it (KEY=FILE).")
    place = settings.state_dir / f"proof-{os.getpid()}"
    second = from_environment({"STATE_DIR": str(place), "VENV": str(settings.venv)})
    try:
        secrets, about = _restored_secrets(file, identity, place)
        with database.answering(second, secrets) as urls:
            progress.step("a second instance for the proof")
            database.create_roles(urls.owner, about["roles"])
            database.load(second, urls.owner, _dump_of(file, identity, {}, set()))
            rows = compare(urls.owner, about)
            progress.step(f"restored there: {rows} rows, every table the same")
            progress.step(f"its keys open {_open_passwords(urls.owner, secrets)} customers' passwords")
            _verify_books(second, secrets)
            progress.step("its books hold")
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _restored_secrets(file: Path, identity: str, place: Path) -> tuple[Secrets, dict[str, Any]]:
    about: dict[str, Any] = {}
    place.mkdir(mode=0o711, parents=True)
    for member in archive.members(file, identity):
        if member.name == archive.ABOUT:
            about = archive.about_of(member.content)
        if member.name == archive.SECRETS:
            secret_file.put(place, member.content.decode())
    return secret_file.load_or_create(place, {}), about


def compare(url: str, about: dict[str, Any]) -> int:
    """The number of rows. Raises Refusal with the tables that are not what the backup says."""
    before = {table: Fingerprint(*of_table) for table, of_table in about["fingerprints"].items()}
    with database.connected(url) as db:
        after = fingerprints.of(db)
    if different := fingerprints.differences(before, after):
        raise Refusal("The restored database is not the one that was backed up:\n" + "\n".join(different))
    return sum(of_table.rows for of_table in after.values())


def _open_passwords(url: str, secrets: Secrets) -> int:
    ring = Keyring.parse(secrets.credential_keys)
    with database.connected(url) as db, db.cursor() as cursor:
        try:
            cursor.execute(_PASSWORDS, (_OPENED,))
        except psycopg2.errors.UndefinedTable:
            return 0
        rows = cursor.fetchall()
    for isp_id, customer_id, value in rows:
        try:
            ring.decrypt(value, isp_id, "radcheck", customer_id or 0)
        except CredentialError as error:
            raise Refusal(f"The backup's keys do not open its passwords: {error}.") from None
    return len(rows)


def _verify_books(settings: Settings, secrets: Secrets) -> None:
    command = [str(settings.venv / "bin/flask"), "--app", "admin_api", "verify-books"]
    done = subprocess.run(command, cwd=settings.home, capture_output=True, text=True, check=False,  # noqa: S603
                          env=part_environment.of_owner(settings, secrets))  # fmt: skip
    if done.returncode != 0:
        raise Refusal(f"The restored books do not hold: {last_line(done.stdout + done.stderr)}")


def leave_notice(settings: Settings, *, proved: bool) -> None:
    """When a backup was read back and was whole, for `/metrics`. A failed write spoils no backup."""
    path = layout.reports_directory(settings) / NOTICE
    now = time.time()
    before: dict[str, float] = {}
    with suppress(OSError, ValueError):
        before = json.loads(path.read_text(encoding="utf-8"))
    content = before | {"made_at": now} | ({"proved_at": now} if proved else {})
    fresh = path.with_suffix(".new")
    with suppress(OSError):
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
        settings.accounts.radius.own(fresh)
        fresh.replace(path)
