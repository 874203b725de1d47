"""The schema's life: create, upgrade, compare. The tables' owner calls this (`flask initdb`), nobody else."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from models.db import make_engine

#: The oldest code that runs on this schema, by its newest migration: parts of the release before go on serving while
#: the schema is upgraded, and going back to it needs no backup (docs/decisions/0136-upgrades.md). To be raised together
#: with a migration that takes away, or gives another meaning to, what older code reads or writes.
SERVES_FROM = "0026"
_MARK = "serves code from "

#: Held while migrations run, so that two that start together do not race.
_LOCK = 0x1F04A


class SchemaTooNew(Exception):
    """The database is of a later release, and this code cannot work with it; the text says what to do."""


def config() -> Config:
    """alembic's configuration, without a file of its own."""
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    configuration.set_main_option("path_separator", "os")
    return configuration


def upgrade(url: str, *, engine_role: str = "infora_engine", api_role: str = "infora_api") -> None:
    """Bring the database to this code's schema; safe to repeat and to run twice at once.

    `engine_role` and `api_role` are the database roles that get their rights; they must exist.
    """
    engine = make_engine(url, "infora initdb", answers_within=None)
    try:
        with engine.connect() as connection:
            connection.execute(text("select pg_advisory_lock(:key)"), {"key": _LOCK})
            connection.commit()
            _run(connection, engine_role, api_role)
            connection.execute(text("select pg_advisory_unlock(:key)"), {"key": _LOCK})
            connection.commit()
    finally:
        engine.dispose()


def _run(connection: Connection, engine_role: str, api_role: str) -> None:
    if _is_later_one_that_serves(connection):
        return
    configuration = config()
    configuration.attributes.update(connection=connection, engine_role=engine_role, api_role=api_role)
    command.upgrade(configuration, "head")
    if _serves_from(connection) != SERVES_FROM:
        connection.exec_driver_sql(f"comment on table alembic_version is '{_MARK}{SERVES_FROM}'")
    connection.commit()


def revision_wanted() -> str:
    """The revision this code is written for."""
    return str(ScriptDirectory.from_config(config()).get_current_head())


def is_known(revision: str) -> bool:
    """Whether it is one of this code's, not of a later release."""
    return any(script.revision == revision for script in ScriptDirectory.from_config(config()).walk_revisions())


def serves(connection: Connection) -> bool:
    """Whether this code works with the database: it has this code's schema, or a later one that says so."""
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None or is_known(revision):
        return revision == revision_wanted()
    oldest = _serves_from(connection)
    return oldest is not None and oldest <= revision_wanted()


def _is_later_one_that_serves(connection: Connection) -> bool:
    """False for an earlier one. Raises SchemaTooNew."""
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None or is_known(revision):
        return False
    if not serves(connection):
        raise SchemaTooNew(f"The database is of a later release (schema {revision}), with which this one "
                           f"({revision_wanted()}) cannot work: run that one, or restore an older backup")  # fmt: skip
    return True


def _serves_from(connection: Connection) -> str | None:
    comment = connection.scalar(text("select obj_description(to_regclass('alembic_version'), 'pg_class')"))
    return comment.removeprefix(_MARK) if comment and comment.startswith(_MARK) else None


def revision_found(engine: Engine) -> str | None:
    """The revision the database is at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()
