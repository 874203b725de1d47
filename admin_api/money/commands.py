"""Commands about the books: are they right, and how do they leave the installation."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click
from flask import Flask
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models import Isp
from models.audit_trail import Actor, act_as
from models.db import make_engine
from models.money.books import export
from models.money.books.verification import checks, verify
from models.money.purchases.renewal_rounds import RenewalRounds

#: Seconds: the books of many years take their time to be added up.
_ANSWERS_WITHIN = 3600


def register(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(verify_books)
    app.cli.add_command(export_books)
    app.cli.add_command(renew_due)


@click.command("verify-books")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify_books(as_json: bool) -> None:
    """Prove the books: 0 where every rule holds, otherwise 1 and the first row that breaks each."""
    with _snapshot() as connection:
        findings = verify(connection)
    if as_json:
        shown = [finding._asdict() for finding in findings]
        click.echo(json.dumps({"ok": not findings, "checks": len(checks()), "findings": shown}))
    elif findings:
        for finding in findings:
            where = f"tenant {finding.isp_id}, {finding.row}: {finding.detail}"
            rule = f"{finding.rule[0].upper()}{finding.rule[1:]}"
            click.echo(f"{click.style('FAIL', fg='red')} {where}. {rule} ({finding.rows} rows).")
    else:
        click.echo(f"{click.style('ok  ', fg='green')} {len(checks())} rules hold.")
    if findings:
        raise SystemExit(1)


@click.command("export-books")
@click.argument("isp_id", type=int)
def export_books(isp_id: int) -> None:
    """Print an ISP's books as beancount text."""
    with _snapshot() as connection:
        if connection.scalar(select(Isp.id).where(Isp.id == isp_id)) is None:
            raise click.ClickException(f"There is no ISP with the id {isp_id}.")
        for line in export.beancount(connection, isp_id):
            click.echo(line)


@click.command("renew-due")
def renew_due() -> None:
    """Renew whoever has auto_renew and has come to the end of their period; running it twice or late is no harm."""
    with _owner() as engine:

        @contextmanager
        def transaction() -> Iterator[Session]:
            with Session(engine) as session, session.begin():
                act_as(session, Actor("renew-due"))
                yield session

        results = list(RenewalRounds(transaction, lambda: datetime.now(UTC)).run())
    for result in results:
        if result.failure is not None:
            click.echo(f"Customer {result.customer_id} of ISP {result.isp_id} is not renewed: {result.failure}")
    click.echo(f"{sum(result.renewed for result in results)} of {len(results)} renewed.")


@contextmanager
def _snapshot() -> Iterator[Connection]:
    """The schema's owner, who sees every row, at one moment."""
    with (
        _owner() as engine,
        engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection,
    ):
        yield connection


@contextmanager
def _owner() -> Iterator[Engine]:
    """As the schema's owner; what the database refuses is a sentence."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise click.ClickException("DATABASE_URL is not set: give the URL of the schema's owner.")
    engine = make_engine(url, "infora books", hide_parameters=True, answers_within=_ANSWERS_WITHIN)
    try:
        yield engine
    except DBAPIError as error:
        said = str(error.orig).strip().splitlines()[:1] or ["it does not answer"]
        raise click.ClickException(f"The database refuses: {said[0]}") from None
    finally:
        engine.dispose()
