"""`python -m service COMMAND`: what the Makefile and the service tree call."""

import os
import sys
from collections.abc import Sequence

from service.errors import Refusal
from service.host.settings import Settings, from_environment


def main(arguments: Sequence[str]) -> int:
    """Run one command. Exit code 2: something the operator can put right; one sentence on stderr says what."""
    try:
        return _command(arguments[0] if arguments else "", arguments[1:], from_environment(os.environ))
    except Refusal as refusal:
        print(refusal, file=sys.stderr)  # noqa: T201
        return 2


def _command(name: str, rest: Sequence[str], settings: Settings) -> int:
    """Each command imports only what it needs, because `exec` and `clean` must be quick."""
    if name == "exec":
        from service.s6 import exec as execution

        execution.become(rest[0], settings)
    if name == "clean":
        from service.s6 import leftovers

        leftovers.end(rest[0], settings)
        return 0
    if name in ("run", "start", "stop", "status"):
        from service.host import layout

        layout.refuse_foreign(settings)
    if name == "run":
        from service import run

        return run.run(settings)
    if name in ("start", "stop", "status"):
        from service import background

        return {"start": background.start, "stop": background.stop, "status": background.status}[name](settings)
    if name in ("backup", "restore", "prove"):
        from service.backup import commands

        return commands.run(name, rest, settings)
    if name == "upgrade":
        from service import upgrade

        return upgrade.upgrade(settings)
    if name == "demo":
        from service import show

        return show.demo(settings, rest[0] if rest else "")
    if name == "svscan":
        from service.s6 import supervisor

        supervisor.become_svscan(settings, int(rest[0]) if rest else None)
    raise Refusal("Usage: python -m service {run|start|stop|status|upgrade|backup|restore|prove|demo [FIELD]}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
