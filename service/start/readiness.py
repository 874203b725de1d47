"""Whether a part answers: the same question for `make run`, `make start`, `make status` and the tests."""

import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psycopg2

from service.database import urls
from service.host.secret_file import Secrets
from service.host.settings import Settings
from service.parts import Part
from service.s6 import services
from service.start import probe

#: Asks a supervisor for the state of a part.
StateOf = Callable[[Settings, Part], services.State | None]


def answers(part: Part, settings: Settings, secrets: Secrets, state_of: StateOf = services.state) -> bool | None:
    """True, or None for "not yet"."""
    if part.name == "postgres":
        return _database_answers(urls.superuser(settings))
    if part.name == "api":
        return api_answers(settings)
    if part.name == "auth" and not (settings.demo and (settings.state_dir / "demo.json").exists()):
        return _is_bound(settings.radius_auth_port)  # the probe logs in to the demo tenant, which does not exist
    if part.name == "auth":
        return True if probe.login(settings, secrets.radius_secret, seconds=1.5) else None
    if part.name == "acct":
        return _is_bound(settings.radius_acct_port)
    return _stays_up(state_of(settings, part))


def _is_bound(port: int) -> bool | None:
    """FreeRADIUS binds its port when every module is ready; a request would leave a record in the books."""
    wanted = f":{port:04X}"
    lines = (line for name in ("udp", "udp6") for line in Path("/proc/net", name).read_text().splitlines()[1:])
    return True if any(line.split()[1].endswith(wanted) for line in lines) else None


def _stays_up(state: services.State | None) -> bool | None:
    """For parts that listen on no port."""
    return True if state is not None and state.up and state.seconds >= 1 else None


def _database_answers(url: str) -> bool | None:
    try:
        psycopg2.connect(url, connect_timeout=2).close()
    except psycopg2.OperationalError:
        return None
    return True


def api_answers(settings: Settings, seconds: float = 2) -> bool | None:
    """Any HTTP answer will do: /readyz says whether the system is in order."""
    try:
        urllib.request.urlopen(settings.api_base + "/healthz", timeout=seconds).close()  # noqa: S310 - our own address
    except urllib.error.HTTPError:
        return True
    except OSError:
        return None
    return True
