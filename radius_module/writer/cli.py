"""`flask --app admin_api spool …`: how much waits for the books, wait until it is booked, look after the quarantine."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import Connection, exc

from models.db import first_line, make_engine
from radius_module.ipc.feed import WriterFeed
from radius_module.spool import files
from radius_module.writer import quarantine, writer
from radius_module.writer.isolation import POISON
from radius_module.writer.set_aside import records_waiting
from radius_module.writer.spool_reader import SpoolReader

_PROCESSES = ("acct", "auth")
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("spool")
def spool() -> None:
    """Accounting records and login results on their way into the database."""


@spool.command()
@_as_json
def depth(as_json: bool) -> None:
    """How many records wait, per spool."""
    waiting = {name: files.backlog(_directory(name)) for name in _PROCESSES}
    if as_json:
        click.echo(json.dumps({name: backlog._asdict() for name, backlog in waiting.items()}))
        return
    for name, backlog in waiting.items():
        click.echo(f"{name}: {backlog.records} records, {backlog.octets} octets")


@spool.command()
def oldest() -> None:
    """Since when the oldest waiting record waits."""
    times = [moment for name in _PROCESSES if (moment := files.oldest(_directory(name))) is not None]
    click.echo("nothing waits" if not times else f"{max(0.0, time.time() - min(times)):.1f} seconds")


@spool.command()
@click.option("--timeout", default=600.0, show_default=True, help="Seconds.")
def drain(timeout: float) -> None:
    """Wait until everything is booked; books it itself where no writer runs."""
    begun = time.monotonic()
    with _own_writer() as own:
        total = left = _left()
        with click.progressbar(length=max(total, 1), label="booking", file=sys.stderr) as bar:
            while left:
                if time.monotonic() - begun > timeout:
                    locked = _set_aside()
                    why = f", {locked} of them for a lock that somebody holds in the database" if locked else ""
                    raise click.ClickException(f"{left} records still wait{why}")
                _step(own)
                now = _left()
                bar.update(max(0, left - now))
                left = now
    click.echo("everything is booked")


@spool.group("quarantine")
def quarantine_group() -> None:
    """Records that the database refused."""


@quarantine_group.command("list")
@_as_json
def list_quarantined(as_json: bool) -> None:
    """All of them, the oldest first."""
    with _connection() as connection:
        rows = quarantine.quarantined(connection)
    for row in rows:
        shown = {"id": row.id, "isp_id": row.isp_id, "received_at": str(row.received_at), "reason": row.reason}
        click.echo(json.dumps(shown) if as_json else f"{row.id}\ttenant {row.isp_id}\t{row.received_at}\t{row.reason}")


@quarantine_group.command()
@click.argument("number", type=int)
def show(number: int) -> None:
    """One of them, whole."""
    with _connection() as connection:
        matching = [row for row in quarantine.quarantined(connection) if row.id == number]
    if not matching:
        raise click.ClickException(f"there is no record {number} in the quarantine")
    click.echo(json.dumps(matching[0].record, indent=2, ensure_ascii=False))


@quarantine_group.command()
@click.argument("number", type=int)
def submit(number: int) -> None:
    """Book it after all."""
    with _connection() as connection:
        try:
            quarantine.submit(connection, number)
        except LookupError as error:
            raise click.ClickException(str(error.args[0])) from None
        except POISON as error:
            raise click.ClickException(f"still refused: {first_line(error)}") from None
    click.echo(f"record {number} is booked")


@quarantine_group.command()
@click.argument("number", type=int)
@click.confirmation_option(prompt="Its octets will never be booked. Drop it?")
def drop(number: int) -> None:
    """Forget it for good."""
    with _connection() as connection:
        quarantine.drop(connection, number)
    click.echo(f"record {number} is gone")


def _directory(process: str) -> Path:
    return Path(os.environ.get("STATE_DIR", "var")) / "spool" / process


def _left() -> int:
    """In the spools, and then in the database: records of tenants whose rows were locked when they came."""
    return sum(files.backlog(_directory(name)).records for name in _PROCESSES) or _set_aside()


def _set_aside() -> int:
    with _connection() as connection:
        return records_waiting(connection, files.node_of(_directory("acct").parent))


def _url() -> str:
    url = os.environ.get("ENGINE_DATABASE_URL") or os.environ.get("DATABASE_URL")
    if not url:
        raise click.ClickException("DATABASE_URL is not set")
    return url


@contextmanager
def _connection() -> Iterator[Connection]:
    engine = make_engine(_url(), "infora spool")
    try:
        with engine.begin() as connection:
            yield connection
    except exc.OperationalError as error:
        raise click.ClickException(f"the database cannot be reached: {first_line(error)}") from None
    finally:
        engine.dispose()


@contextmanager
def _own_writer() -> Iterator[tuple[writer.Writer, list[SpoolReader]] | None]:
    """A writer of our own, unless one runs."""
    root = _directory("acct").parent
    files.make_ready(root)
    try:
        lock = files.claim(root, writer.LOCK)
    except files.SpoolLocked:
        yield None
        return
    engine = make_engine(_url(), "infora spool")
    try:
        node = files.node_of(root)
        drains = [SpoolReader(_directory(name), node) for name in _PROCESSES]
        yield writer.Writer(engine, drains, WriterFeed(root / "none"), node), drains
    finally:
        engine.dispose()
        os.close(lock)


def _step(own: tuple[writer.Writer, list[SpoolReader]] | None) -> None:
    if own is None:
        time.sleep(0.2)
        return
    try:
        if not sum(own[0].step(reader) for reader in own[1]):
            time.sleep(0.1)
        own[0].retry_waiting()
    except exc.OperationalError as error:
        raise click.ClickException(f"the database cannot be reached: {first_line(error)}") from None
