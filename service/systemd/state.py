"""What systemd says of the units: the same questions that service.s6.services answers for its tree."""

import subprocess
import time
from pathlib import Path

from service.errors import Refusal, last_line
from service.host import lock
from service.host.settings import Settings
from service.parts import Part
from service.s6 import supervisor
from service.s6.services import State
from service.systemd import files, units


def runs_here() -> bool:
    """Whether systemd is this machine's process 1 (sd_booted(3)); not so in a chroot or most containers."""
    return Path("/run/systemd/system").is_dir()


def refuse_if_running(settings: Settings) -> None:
    """Raises Refusal while units run this installation, for those who would start it in another way."""
    if is_running(settings):
        raise Refusal(f"systemd runs the installation in {settings.state_dir}: `systemctl stop {_target(settings)}` "
                      "first, or leave it to systemd (`make uninstall` takes the units away).")  # fmt: skip


def is_running(settings: Settings) -> bool:
    """The units share the lock that the tree of `make start` would hold alone."""
    return lock.is_shared(settings)


def environment_in_force(settings: Settings) -> dict[str, str] | None:
    """What the running installation was started with, by s6 or as units; None where nothing runs."""
    root = supervisor.pid(settings)
    if root is not None:
        return supervisor.environment_of(root)
    return dict(files.remembered(settings)) if is_running(settings) else None


def state(settings: Settings, part: Part) -> State | None:
    """None where systemd does not know the part's unit."""
    prefix = _target(settings).removesuffix(".target")
    unit = f"{prefix}-{part.name}.service"
    names = ("LoadState", "ActiveState", "MainPID", "ActiveEnterTimestampMonotonic", "NRestarts")
    try:
        answer = systemctl("show", unit, *(f"--property={name}" for name in names))
    except Refusal:
        return None
    values = dict(line.partition("=")[::2] for line in answer.splitlines())
    if values.get("LoadState") != "loaded":
        return None
    since = int(values["ActiveEnterTimestampMonotonic"] or 0) / 1e6
    up = values["ActiveState"] == "active"
    return State(part.name, up, int(values["MainPID"]), int(time.monotonic() - since), int(values["NRestarts"]))


def systemctl(*arguments: str) -> str:
    """What it prints. Raises Refusal with its last words."""
    try:
        done = subprocess.run(["systemctl", "--no-pager", *arguments], capture_output=True, text=True,  # noqa: S603, S607
                              timeout=400, check=False)  # fmt: skip
    except FileNotFoundError:
        raise Refusal("systemctl is not installed: this machine has no systemd. Use `make start`.") from None
    if done.returncode != 0:
        raise Refusal(f"systemctl {' '.join(arguments)}: {last_line(done.stderr or done.stdout)}")
    return done.stdout + done.stderr


def _target(settings: Settings) -> str:
    """As it was installed, whatever UNIT_PREFIX says today."""
    installed = (path.name for path in files.of(settings) if path.suffix == ".target")
    return next(installed, units.target(settings))
