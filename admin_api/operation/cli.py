"""The command line beside the API: `flask --app admin_api …`, with the environment of the schema's owner."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from flask import Flask

from admin_api.operation import doctor, installation, key_rotation
from admin_api.settings import SettingsError
from radius_module.writer import cli

#: By (in order, worth a look).
_MARKS = {
    (True, False): click.style("ok  ", fg="green"),
    (True, True): click.style("warn", fg="yellow"),
    (False, False): click.style("FAIL", fg="red"),
}

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def register(app: Flask) -> None:
    """Add the commands."""
    for command in (
        initdb,
        create_admin,
        create_isp,
        reset_totp,
        rotate_keys,
        confirm_clock,
        remove_demo,
        examine,
        cli.spool,
    ):
        app.cli.add_command(command)


def _sentences(command: Callable[..., None]) -> Callable[..., None]:
    """What is not possible ends in a sentence, not in a trace."""

    @wraps(command)
    def run(*args: object, **kwargs: object) -> None:
        try:
            command(*args, **kwargs)
        except (installation.NotPossible, SettingsError) as wrong:
            raise click.ClickException(str(wrong)) from None

    return run


@click.command
@_sentences
def initdb() -> None:
    """Create or upgrade the schema, and the first administrator; safe to repeat."""
    for line in installation.prepare(os.environ):
        click.echo(line)


@click.command("create-admin")
@click.argument("username")
@click.option("--password", envvar="ADMIN_PASSWORD", help="At least 10 characters; generated and shown when absent.")
@as_json
@_sentences
def create_admin(username: str, password: str | None, as_json: bool) -> None:
    """Create a superadmin."""
    _say(installation.create_admin(os.environ, username, password), as_json)


@click.command("reset-totp")
@click.argument("username")
@_sentences
def reset_totp(username: str) -> None:
    """Remove an operator's second factor, when nobody is left who could over the API."""
    click.echo(installation.reset_totp(os.environ, username))


@click.command("confirm-clock")
@_sentences
def confirm_clock() -> None:
    """Say that the clock is right, after an alarm that stopped the removal of old history."""
    click.echo(installation.confirm_clock(os.environ))


@click.command("remove-demo")
@_sentences
def remove_demo() -> None:
    """Remove the demo tenant whole, its ledger and audit log among it; every other tenant stays as it is."""
    click.echo(installation.remove_demo(os.environ))


@click.command("create-isp")
@click.argument("name")
@click.option("--timezone", default="UTC", show_default=True)
@as_json
@_sentences
def create_isp(name: str, timezone: str, as_json: bool) -> None:
    """Create an ISP; its API key and RADIUS secret are shown this once."""
    _say(installation.create_isp(os.environ, name, timezone), as_json)


@click.command("rotate-keys")
@as_json
@_sentences
def rotate_keys(as_json: bool) -> None:
    """Encrypt every stored secret with the first key of CREDENTIAL_KEYS; afterwards the others may go."""
    total = key_rotation.count(os.environ)
    with click.progressbar(length=total, label="Encrypting", file=sys.stderr) as bar:
        changed = key_rotation.rotate(os.environ, bar.update)
    _say({"examined": total, "encrypted_anew": changed}, as_json)


@click.command("doctor")
@as_json
@_sentences
def examine(as_json: bool) -> None:
    """Check every part and say what to do."""
    findings = doctor.examine(os.environ)
    if as_json:
        click.echo(json.dumps([finding._asdict() for finding in findings]))
    else:
        for finding in findings:
            mark = _MARKS[finding.ok, finding.warning]
            click.echo(f"{mark} {finding.part}: {finding.text}")
        for warning in doctor.warnings(os.environ):
            click.echo(f"{click.style('warn', fg='yellow')} {warning}")
    if not all(finding.ok for finding in findings):
        raise SystemExit(1)


def _say(values: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(values))
        return
    for name, value in values.items():
        click.echo(f"{name}: {value}")
