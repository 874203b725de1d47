"""Schema and first administrator: `flask --app admin_api initdb`, with the owner's environment."""

import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

from service import part_environment
from service.database import urls as database_urls
from service.errors import Refusal
from service.host.secret_file import Secrets
from service.host.settings import Settings


def upgrade(settings: Settings, secrets: Secrets) -> None:
    """Create or upgrade the schema, and the first administrator where the API is installed."""
    if Path(settings.home, "admin_api/__init__.py").exists():
        _initdb(settings, secrets)
        return
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
