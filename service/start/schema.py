"""Schema and first administrator: `flask --app admin_api initdb`, with the owner's environment."""

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg2

from service import part_environment
from service.database import roles
from service.database import urls as database_urls
from service.errors import Refusal, last_line
from service.host.secret_file import Secrets, given
from service.host.settings import Settings
from service.progress import say

#: Seconds for a database that is still starting.
_PATIENCE = 60


def upgrade(settings: Settings, secrets: Secrets) -> None:
    """Create or upgrade the schema, and the first administrator where the API is installed."""
    if Path(settings.home, "admin_api/__init__.py").exists():
        _initdb(settings, secrets)
        return
    _tables(settings, secrets)


def migrate(settings: Settings, environment: Mapping[str, str] = os.environ) -> int:
    """`python -m service migrate`: roles and schema with the rights of the environment alone.

    The first administrator too where ADMIN_PASSWORD is given; otherwise `initdb` makes it later and shows the password.
    """
    secrets = given(environment)
    _wait_for(settings.database_url or database_urls.superuser(settings))
    roles.ensure(settings, secrets)
    if secrets.admin_password:
        _initdb(settings, secrets)
    else:
        _tables(settings, secrets)
    say("The schema is up to date.")
    return 0


def _wait_for(url: str) -> None:
    """For a database that is still starting. Raises Refusal."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return psycopg2.connect(url, connect_timeout=5).close()
        except psycopg2.OperationalError as error:
            if time.monotonic() > deadline:
                raise Refusal(f"The database does not answer: {last_line(str(error))}.") from None
        time.sleep(0.5)


def _tables(settings: Settings, secrets: Secrets) -> None:
    from models import schema

    urls = database_urls.of(settings, secrets)
    schema.upgrade(urls.owner, engine_role=_role(urls.engine), api_role=_role(urls.api))


def _initdb(settings: Settings, secrets: Secrets) -> None:
    command = [str(settings.venv / "bin/flask"), "--app", "admin_api", "initdb"]
    done = subprocess.run(command, cwd=settings.home, capture_output=True, text=True, check=False,  # noqa: S603
                          env=part_environment.of_owner(settings, secrets))  # fmt: skip
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise Refusal(f"The schema could not be created or upgraded:\n{tail}")


def _role(url: str) -> str:
    return unquote(urlsplit(url).username or "")
