"""The schema's life: create, upgrade, compare. The tables' owner calls this (`flask initdb`), nobody else."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from models.db import make_engine

#: Held while migrations run, so that two that start together do not race.
_LOCK = 0x1F04A


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
    configuration = config()
    configuration.attributes.update(connection=connection, engine_role=engine_role, api_role=api_role)
    command.upgrade(configuration, "head")
    connection.commit()


def revision_wanted() -> str:
    """The revision this code is written for."""
    return str(ScriptDirectory.from_config(config()).get_current_head())


def revision_found(engine: Engine) -> str | None:
    """The revision the database is at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()
