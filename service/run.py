"""`make run`: everything in the foreground, one real login as proof, and a stop that leaves no process behind."""

import ctypes
import shlex
import signal
import subprocess
from pathlib import Path
from types import FrameType
from typing import NoReturn

from service.errors import Refusal
from service.host.secret_file import Secrets
from service.host.settings import Settings
from service.progress import Progress, say, say_all
from service.s6 import supervisor
from service.start import probe
from service.start.bring_up import BringUp
from service.systemd import state

_PR_SET_PDEATHSIG = 1
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Stopped(BaseException):
    """A signal asked this process to stop. Not an Exception, so that no handler on the way swallows it."""


def run(settings: Settings) -> int:
    """Until Ctrl-C (exit code 0), or until the system cannot start or go on (1)."""
    for number in _SIGNALS:
        signal.signal(number, _stop)
    # When `make` is killed, this process ends too, and s6-svscan ends with it in the same way.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    state.refuse_if_running(settings)
    supervisor.refuse_if_running(settings)
    start = BringUp(settings, Progress(), with_parent=True)
    try:
        secrets = start.run()
        show_login(settings, secrets)
        say_all(["", "Running. Ctrl-C stops everything.", *next_commands(settings)])
        return _watch(start.tree)
    except _Stopped:
        return 0
    finally:
        for number in _SIGNALS:  # a second Ctrl-C must not interrupt the cleanup
            signal.signal(number, signal.SIG_IGN)
        if start.tree is not None:
            say("Stopping …")
            supervisor.stop(settings)
            start.tree.wait()
            say("Stopped. The data is kept.")


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise _Stopped


def _watch(tree: "subprocess.Popen[bytes] | None") -> int:
    if tree is not None:
        tree.wait()
    say("The supervisor has ended; the parts end with it.")
    return 1


def show_login(settings: Settings, secrets: Secrets) -> None:
    """The proof: the demo customer's login, sent as a router would send it."""
    if not settings.demo:
        return
    answer = probe.login(settings, secrets.radius_secret)
    if answer is None:
        raise Refusal("RADIUS has stopped answering: see the log of auth.")
    kind = "Access-Accept" if answer.accepted else "Access-Reject"
    say(f"\nLogin of {probe.DEMO_USERNAME} over UDP: {kind}")
    say_all(f"    {name} = {value}" for name, value in answer.attributes)


def next_commands(settings: Settings) -> list[str]:
    """What to try next. The commands fetch the secrets themselves, so that saved output holds none."""
    state = "" if settings.state_dir == settings.home / "var" else f"STATE_DIR={shlex.quote(str(settings.state_dir))} "
    python = settings.venv / "bin/python"
    near = python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else python
    ask = f"{state}{shlex.quote(str(near))} -m service"
    server = f"{settings.radius_address}:{settings.radius_auth_port}"
    login = [f'  radtest {probe.DEMO_USERNAME} {probe.DEMO_PASSWORD} {server} 0 "$({ask} demo device.secret)"']
    return [
        "Try next:",
        f'  curl -s {settings.api_base}/api/auth/login --json "$({ask} admin)"',
        *(login if settings.demo else []),
        f'  psql "$({ask} database_url)"',
        f"  {state}make doctor",
    ]
