"""The database's part of a backup: a dump of one moment while everything runs, and its way back.

`pg_dump` and not a copy of the cluster's files: measured, and for what it can do (docs/decisions/0135-backups.md).
"""

import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from service import parts
from service.backup import fingerprints
from service.backup.fingerprints import Fingerprint
from service.database import cluster, roles, urls
from service.database.urls import DatabaseUrls
from service.errors import Refusal, last_line
from service.host import layout
from service.host.secret_file import Secrets
from service.host.settings import Settings
from service.s6 import supervisor, tree
from service.start import readiness, waiting

#: Of PostgreSQL's processes that work for a backup: everybody else goes first.
NICE = 10
_NAME = "infora backup"
_ROLES = "select rolname from pg_roles where rolname !~ '^pg_' and not rolsuper order by rolname"
_WORKING = "select pid from pg_stat_activity where application_name = %s and usename = current_user"


class Moment(NamedTuple):
    """What is said of the database in a backup; all of one snapshot."""

    revision: str | None
    server_version: int
    roles: list[str]
    prints: dict[str, Fingerprint]


@contextmanager
def answering(settings: Settings, secrets: Secrets) -> Iterator[DatabaseUrls]:
    """The installation's database with its roles: the one that runs, or a private cluster started for this block."""
    alone = settings.database_url is None and not _runs(settings)
    process = None
    if alone:
        layout.prepare(settings)
        part = parts.by_name("postgres")
        tree.write(settings, [part])
        process = supervisor.launch(settings, with_parent=True)
    try:
        if process is not None:
            supervisor.wait_launched(settings, process)
            waiting.until(settings, part, lambda: readiness.answers(part, settings, secrets), 300)
        if alone or settings.database_url is not None:
            roles.ensure(settings, secrets)
        yield urls.of(settings, secrets)
    finally:
        if process is not None:
            supervisor.stop(settings)
            process.wait()


def _runs(settings: Settings) -> bool:
    with suppress(psycopg2.OperationalError):
        psycopg2.connect(urls.superuser(settings), connect_timeout=5).close()
        return True
    return False


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """To the owner's database, in a transaction of one snapshot that changes nothing."""
    try:
        db = psycopg2.connect(url, connect_timeout=10, application_name=_NAME, options=fingerprints.OPTIONS)
    except psycopg2.OperationalError as error:
        raise Refusal(f"The database does not answer: {last_line(str(error))}.") from None
    try:
        db.set_session(isolation_level="REPEATABLE READ", readonly=True)
        yield db
    finally:
        db.close()


def dump(settings: Settings, url: str, put_about: Callable[[Moment], None], put: Callable[[IO[bytes]], int]) -> int:
    """Hand over what is to be said, then the dump; its octets. Both are of the same moment."""
    with connected(url) as db:
        _give_way(db)
        with db.cursor() as cursor:
            cursor.execute("select pg_export_snapshot()")
            (snapshot,) = cursor.fetchone() or ("",)
        put_about(_moment(db))
        command = [str(cluster.binary(settings, "pg_dump")), "--format=custom", "--compress=1", "--no-owner",
                   f"--snapshot={snapshot}", "--dbname", url]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment()) as process:  # noqa: S603
            assert process.stdout is not None and process.stderr is not None  # noqa: S101
            _give_way(db)
            octets = put(process.stdout)
            errors = process.stderr.read().decode(errors="replace")
        if process.returncode != 0:
            raise Refusal(f"pg_dump failed: {last_line(errors)}")
        return octets


def _moment(db: Connection) -> Moment:
    with db.cursor() as cursor:
        cursor.execute("select to_regclass('public.alembic_version') is not null")
        revision = None
        if cursor.fetchone() == (True,):
            cursor.execute("select version_num from alembic_version")
            (revision,) = cursor.fetchone() or (None,)
        cursor.execute(_ROLES)
        names = [name for (name,) in cursor.fetchall()]
    return Moment(revision, db.server_version, names, fingerprints.of(db))


def _give_way(db: Connection) -> None:
    """Lower the priority of PostgreSQL's processes that work for us, where they are on this machine and we may."""
    if not db.info.host.startswith("/"):
        return
    with db.cursor() as cursor:
        cursor.execute(_WORKING, (_NAME,))
        for (pid,) in cursor.fetchall():
            with suppress(OSError):
                if Path(f"/proc/{pid}/comm").read_text() == "postgres\n":
                    os.setpriority(os.PRIO_PROCESS, pid, NICE)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "PGAPPNAME": _NAME}


def is_empty(url: str) -> bool:
    """Whether there is no table yet."""
    with connected(url) as db, db.cursor() as cursor:
        cursor.execute("select count(*) from pg_tables where schemaname = 'public'")
        return cursor.fetchone() == (0,)


def create_roles(url: str, names: Iterable[str]) -> list[str]:
    """Roles of the operator's own that the dump grants rights to: those that are missing, without a login."""
    db = psycopg2.connect(url, connect_timeout=10)
    try:
        db.autocommit = True
        with db.cursor() as cursor:
            cursor.execute(_ROLES)
            missing = sorted(set(names) - {name for (name,) in cursor.fetchall()})
            for name in missing:
                cursor.execute(sql.SQL("create role {}").format(sql.Identifier(name)))
        return missing
    except psycopg2.Error as error:
        raise Refusal(f"The role {missing[0]}, to which the backup's database grants rights, could not be created: "
                      f"{last_line(str(error))}") from None  # fmt: skip
    finally:
        db.close()


def load(settings: Settings, url: str | None, chunks: Iterable[bytes]) -> None:
    """Into an empty database, all or nothing; with None nowhere, to see that the dump can be read to its end."""
    where = ["--file=/dev/null"] if url is None else ["--single-transaction", "--dbname", url]
    command = [str(cluster.binary(settings, "pg_restore")), "--no-owner", "--exit-on-error", *where]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment()) as process:  # noqa: S603
        assert process.stdin is not None and process.stderr is not None  # noqa: S101
        with suppress(BrokenPipeError):  # its own words say more
            for chunk in chunks:
                process.stdin.write(chunk)
            process.stdin.close()
        errors = process.stderr.read().decode(errors="replace")
    if process.returncode != 0:
        raise Refusal(f"pg_restore failed: {last_line(errors)}")


def booked_positions(url: str) -> dict[str, int]:
    """Segment of the spool → octets of it that are booked."""
    with connected(url) as db, db.cursor() as cursor:
        cursor.execute("select to_regclass('public.spool_progress') is not null")
        if cursor.fetchone() != (True,):
            return {}
        cursor.execute("select segment, position from spool_progress")
        return dict(cursor.fetchall())
