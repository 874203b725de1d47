"""The command line beside the API: `flask --app admin_api …`."""

from __future__ import annotations

import os

import click
from flask import Flask

from admin_api import installation


def register(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(initdb)


@click.command
def initdb() -> None:
    """Create or upgrade the schema, and the first administrator; safe to repeat."""
    try:
        report = installation.prepare(os.environ)
    except installation.NotPossible as wrong:
        raise click.ClickException(str(wrong)) from None
    for line in report:
        click.echo(line)
