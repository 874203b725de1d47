"""Commands with the installation's own environment: `make doctor`, what needs the schema's owner, secrets for people.

What runs may have been started with other settings than this call has: those of what runs count.
"""

import json
import os
from collections.abc import Sequence

from service import part_environment
from service.database import urls
from service.errors import Refusal
from service.host import secret_file
from service.host.secret_file import Secrets
from service.host.settings import Settings, from_environment
from service.progress import say
from service.systemd import state


def in_force(settings: Settings) -> tuple[Settings, Secrets]:
    """Settings and secrets of what runs in this STATE_DIR, or of what was set up there. Makes nothing."""
    environment = state.environment_in_force(settings) or os.environ
    running = from_environment(environment)
    if not (running.state_dir / "s6").exists():
        raise Refusal(f"Nothing is set up in {running.state_dir}: `make start` does that, or give its STATE_DIR.")
    return running, secret_file.load_or_create(running.state_dir, environment)


def flask(settings: Settings, arguments: Sequence[str]) -> int:
    """Become `flask --app admin_api …`, as the owner of the schema."""
    running, secrets = in_force(settings)
    program = str(running.venv / "bin/flask")
    os.chdir(running.home)
    environment = part_environment.of_owner(running, secrets)
    os.execve(program, [program, "--app", "admin_api", *arguments], environment)  # noqa: S606


def doctor(settings: Settings, arguments: Sequence[str]) -> int:
    """`flask doctor`; exit code 1 also where it cannot begin."""
    try:
        running, _ = in_force(settings)
    except Refusal as refusal:
        say(f"FAIL installation: {refusal}")
        return 1
    if state.environment_in_force(running) is None and "--json" not in arguments:
        say(f"Nothing runs in {running.state_dir}: `make start` starts it. What can be looked at meanwhile:")
    return flask(settings, ["doctor", *arguments])


def admin(settings: Settings, _arguments: Sequence[str]) -> int:
    """The first administrator's user name and password, as a login takes them."""
    running, secrets = in_force(settings)
    say(json.dumps({"username": running.admin_username, "password": secrets.admin_password}, ensure_ascii=False))
    return 0


def database_url(settings: Settings, _arguments: Sequence[str]) -> int:
    """The database of this installation, for psql and pg_dump, as the owner of the schema."""
    running, secrets = in_force(settings)
    say(urls.of(running, secrets).owner)
    return 0
