"""`python -m service COMMAND`: what the Makefile and the service tree call."""

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from service.errors import Refusal
from service.host.settings import Settings, from_environment


def main(arguments: Sequence[str]) -> int:
    """Run one command. Exit code 2: something the operator can put right; one sentence on stderr says what."""
    try:
        return _command(arguments[0] if arguments else "", arguments[1:], from_environment(os.environ))
    except Refusal as refusal:
        print(refusal, file=sys.stderr)  # noqa: T201
        return 2


#: Command → module and function, imported only when it is asked for: `exec`, `launch` and `clean` must be quick.
_PLAIN = {
    "run": ("service.run", "run"),
    "start": ("service.background", "start"),
    "stop": ("service.background", "stop"),
    "status": ("service.background", "status"),
    "upgrade": ("service.upgrade", "upgrade"),
    "install": ("service.install", "install"),
    "uninstall": ("service.install", "uninstall"),
    "migrate": ("service.start.schema", "migrate"),
}
_WITH_A_NAME = {
    "exec": ("service.s6.exec", "become"),
    "launch": ("service.systemd.launch", "become"),
    "contained": ("service.container.commands", "become"),
    "clean": ("service.s6.leftovers", "end"),
}
_OF_BACKUPS = ("backup", "restore", "prove")
#: Commands of the API's package, and what else needs the installation's own secrets.
_OF_THE_API = {"doctor": "doctor", "cli": "flask", "admin": "admin", "database_url": "database_url"}
_OF_CONTAINERS = ("container", "container-migrate", "flask", "health", "keys")
#: They look into STATE_DIR.
_OF_THE_OWNER = ("run", "start", "stop", "status", "install", "uninstall", "upgrade")


def _command(name: str, rest: Sequence[str], settings: Settings) -> int:
    if name in _OF_THE_OWNER:
        from service.host import layout

        layout.refuse_foreign(settings)
    if name in _PLAIN:
        return int(_function(*_PLAIN[name])(settings))
    if name in _WITH_A_NAME and rest:
        _function(*_WITH_A_NAME[name])(rest[0], settings)
        return 0
    if name in _OF_BACKUPS:
        return int(_function("service.backup.commands", "run")(name, rest, settings))
    if name in _OF_CONTAINERS:
        return int(_function("service.container.commands", "main")(name, rest, settings))
    if name in _OF_THE_API:
        return int(_function("service.command_line", _OF_THE_API[name])(settings, rest))
    if name == "demo":
        from service import show

        return show.demo(settings, rest[0] if rest else "")
    if name == "svscan":
        from service.s6 import supervisor

        supervisor.become_svscan(settings, int(rest[0]) if rest else None)
    raise Refusal("Usage: python -m service {run|start|stop|status|doctor|install|uninstall|upgrade|backup|restore|"
                  "prove|migrate|admin|database_url|cli COMMAND|demo [FIELD]}.")  # fmt: skip


def _function(module: str, name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
