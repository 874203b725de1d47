"""Whether the installation runs, and with which settings: a timer that makes backups has an environment of its own."""

import os
from collections.abc import Mapping

from service import parts
from service.errors import Refusal
from service.host.settings import Settings, from_environment
from service.s6 import leftovers, services
from service.systemd import state

#: What is kept of the environment in a backup: settings; the secrets among them are kept with the secrets.
_KEPT = ("RADIUS_LISTEN", "RADIUS_AUTH_PORT", "RADIUS_ACCT_PORT", "API_HOST", "API_PORT", "API_TRUSTED_PROXIES",
         "ADMIN_USERNAME", "LOG_LEVEL", "DEMO", "TZ")  # fmt: skip
_SECRET = ("METRICS_TOKEN", "DATABASE_URL")


def environment(settings: Settings) -> Mapping[str, str]:
    """What the running installation was started with; where nothing runs, the caller's."""
    known = state.environment_in_force(settings)
    return os.environ if known is None else known


def settings_now(settings: Settings) -> Settings:
    """Those that the installation runs with; where backups go to stays the caller's wish."""
    known = environment(settings)
    if known is os.environ:
        return settings
    wish = {name: value for name in ("BACKUP_RECIPIENTS",) if (value := os.environ.get(name))}
    return from_environment({**known, **wish})


def kept(variables: Mapping[str, str]) -> dict[str, str]:
    """The settings that a backup holds."""
    return {name: variables[name] for name in (*_KEPT, *_SECRET) if variables.get(name)}


def shown(kept_settings: Mapping[str, str]) -> list[str]:
    """As lines for a terminal: of secrets only that they were given."""
    return [f"{name}=…" if name in _SECRET else f"{name}={value}" for name, value in kept_settings.items()]


def refuse(settings: Settings) -> None:
    """Raises Refusal where any part of the installation runs, whoever supervises it."""
    state.refuse_if_running(settings)
    alive = [part.name for part in parts.PARTS if leftovers.of(part.name, settings)]
    if alive or services.of_tree(settings):
        raise Refusal(f"The installation in {settings.state_dir} is running ({', '.join(alive) or 'its supervisor'}): "
                      "stop it first (`make stop`), or give another STATE_DIR.")  # fmt: skip
