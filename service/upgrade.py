"""`make upgrade`: this release takes over from the one that runs, part by part, while customers log in.

The schema first: parts of the release before work with it (docs/decisions/0136-upgrades.md). Then one part after the
other begins anew with this code, those last that somebody waits for.
"""

import time

from service import parts
from service.errors import Refusal
from service.host import layout, secret_file
from service.host.secret_file import Secrets
from service.host.settings import Settings, from_environment
from service.install import until_it_answers
from service.parts import Part
from service.progress import Progress, say
from service.s6 import services, supervisor, tree
from service.start import readiness, reports, schema, waiting
from service.start.readiness import StateOf
from service.systemd import files, state, units

#: The order: nobody waits for the books or the worker; accounting is sent again, and so are logins, within seconds.
_ORDER = ("writer", "worker", "api", "acct", "auth")


def upgrade(settings: Settings) -> int:
    """0 once every part answers with this release's code. Raises Refusal; what is unchanged goes on as it was."""
    environment = state.environment_in_force(settings)
    if environment is None:
        raise Refusal("Nothing runs that could be upgraded: `make start` brings the schema to this release by itself.")
    environment["VENV"] = str(settings.venv)
    running = from_environment(environment)
    secrets = secret_file.load_or_create(running.state_dir, environment)
    progress = Progress()
    layout.prepare(running)
    schema.upgrade(running, secrets)
    progress.step("schema; the release before goes on with it")
    present = parts.present(running)
    _prepare(running, secrets, present)
    for part in sorted(present, key=_turn):
        if part.name != "postgres":
            seconds = _begin_anew(running, secrets, part)
            progress.step(f"{part.name} begun anew, {seconds:.1f} s without it")
    say("Upgraded. PostgreSQL goes on as it was; `make stop && make start` begins it anew too.")
    return 0


def _turn(part: Part) -> int:
    """What this list does not know yet comes first."""
    return _ORDER.index(part.name) if part.name in _ORDER else -1


def _under_systemd(settings: Settings) -> bool:
    return supervisor.pid(settings) is None


def _prepare(settings: Settings, secrets: Secrets, present: list[Part]) -> None:
    """The tree, or the units, as this release has them; a part that is new is started."""
    if _under_systemd(settings):
        files.write(settings, secrets)
        state.systemctl("daemon-reload")
        return
    tree.write(settings, present)
    supervisor.rescan(settings)


def _begin_anew(settings: Settings, secrets: Secrets, part: Part) -> float:
    """Seconds from its end to its answer."""
    begun = time.monotonic()
    if _under_systemd(settings):
        unit = units.of_part(settings, part.name)
        state.systemctl("restart", unit)
        until_it_answers(part, unit, lambda: _answers(settings, secrets, part, state.state), 60)
    else:
        services.down(settings, part)
        services.up(settings, part)
        waiting.until(settings, part, lambda: _answers(settings, secrets, part, services.state), 60)
    return time.monotonic() - begun


def _answers(settings: Settings, secrets: Secrets, part: Part, state_of: StateOf) -> bool | None:
    """None for "not yet"."""
    if not reports.is_in_order(settings, part.name):
        return None
    return readiness.answers(part, settings, secrets, state_of)
