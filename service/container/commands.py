"""What a container runs: its parts below s6, a command line of the API, or a look whether all of it is well."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NoReturn

from service import part_environment, parts
from service.container import keys
from service.database import urls
from service.errors import Refusal
from service.host import account, layout
from service.host.secret_file import given
from service.host.settings import Settings, from_environment
from service.progress import say
from service.s6 import exec as execution
from service.s6 import leftovers, services, tree
from service.start import readiness, reports, schema

#: The directory of keys that this container reads.
_RECIPIENT = "KEYS"
#: These report about themselves once a second.
_REPORTING = ("auth", "acct", "writer")


def environment() -> dict[str, str]:
    """The container's variables and its secrets. Raises Refusal."""
    known = dict(os.environ)
    recipient = known.get(_RECIPIENT)
    if not recipient:
        return known
    known |= keys.read(keys.directory(from_environment(known)) / recipient)
    if keys.OWNER in known and known.get("DATABASE_URL"):
        url = known["DATABASE_URL"]
        known["DATABASE_URL"] = urls.with_password(url, known[keys.OWNER])
    return known


def _settings(known: Mapping[str, str]) -> Settings:
    return replace(from_environment(known), accounts=account.of_container())


def run(names: Sequence[str], settings: Settings) -> NoReturn:
    """`container NAME…`: these parts, each started again when it dies. Becomes s6-svscan, the container's process 1."""
    chosen = [part for part in parts.PARTS if part.name in names]
    if len(chosen) != len(names):
        raise Refusal(f"{', '.join(names)}: give names of parts ({', '.join(part.name for part in parts.PARTS)}).")
    tree.write_contained(settings, chosen)
    scan = str(tree.directory(settings))
    os.execvp("s6-svscan", ["s6-svscan", scan])  # noqa: S606, S607


def become(name: str, _settings_of_caller: Settings) -> NoReturn:
    """`contained NAME`: what a run script becomes. Its environment holds the secrets that the part needs, no others."""
    known = environment()
    settings = _settings(known)
    own = part_environment.of_part(name, settings, given(known))
    leftovers.end(name, settings)
    os.chdir(settings.home)
    os.umask(0o077)
    command = list(parts.by_name(name).command(settings))
    execution.notify_started()
    os.closerange(3, 256)
    os.execve(command[0], command, own)  # noqa: S606 - no shell is the point


def migrate(_settings_of_caller: Settings) -> int:
    """`container-migrate`: roles and schema; the first administrator is `flask initdb`'s, who shows the password."""
    known = environment()
    return schema.migrate(_settings(known), {name: known[name] for name in known if name != "ADMIN_PASSWORD"})


def flask(arguments: Sequence[str]) -> NoReturn:
    """`flask …`, with what the API of this container is given, or the owner's where this container has the owner's."""
    known = environment()
    settings, secrets = _settings(known), given(known)
    if keys.OWNER in known:
        own = part_environment.of_owner(settings, secrets)
    else:
        own = part_environment.of_part("api", settings, secrets)
    own |= {name: known[name] for name in ("ADMIN_USERNAME", "ADMIN_PASSWORD", "TERM") if known.get(name)}
    program = str(settings.venv / "bin/flask")
    os.chdir(settings.home)
    os.execve(program, [program, "--app", "admin_api", *arguments], own)  # noqa: S606 - no shell is the point


def health(names: Sequence[str], settings: Settings) -> int:
    """`health NAME…`: 0 when each part runs and answers, or reports. A database that is away is no illness."""
    ill = [name for name in names if not _is_well(parts.by_name(name), settings)]
    if ill:
        say(f"not well: {', '.join(ill)}")
    return 1 if ill else 0


def _is_well(part: parts.Part, settings: Settings) -> bool:
    state = services.state(settings, part)
    if state is None or not state.up or state.seconds < 1:
        return False
    if part.name == "api":
        return bool(readiness.api_answers(settings, seconds=5))
    if part.name in _REPORTING:
        return reports.described(layout.reports_directory(settings) / f"{part.name}.json") is not None
    return True


def main(name: str, rest: Sequence[str], settings: Settings) -> int:
    """The commands of containers."""
    if name == "container":
        run(rest, settings)
    if name == "flask":
        flask(rest)
    if name == "health":
        return health(rest, settings)
    if name == "keys":
        return keys.create(settings)
    if name == "container-migrate":
        return migrate(settings)
    sys.exit(f"{name} is no command of containers.")
