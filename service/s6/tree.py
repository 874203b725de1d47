"""The s6 service tree below STATE_DIR/s6: one directory per part, each with a rotating logger.

s6-supervise restarts a part for ever: at once if it had run for a second, else when that second is over. It has to
be notified when the part is ready (NOTIFY_ON), or it would wait a second after every death.
Run scripts hold no secret.
"""

import shlex
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from service.host.settings import Settings
from service.parts import Part

# The descriptor on which service.s6.exec reports that the part starts.
NOTIFY_ON = 3
# In each logger's directory, where it runs: how many lines were dropped.
DROPPED = "dropped"
# 40 files of 4 MB per part; T: each line begins with its time in ISO 8601. FreeRADIUS says every few seconds that it
# knows a client, which would leave minutes of history where weeks are to fit. -b: s6-log reads no more than it can
# write, and service.s6.log_pump before it drops what is beyond that.
_LOGGER = "s6-log -b -- '-: Info: Adding client ' n40 s4000000 T"


def directory(settings: Settings) -> Path:
    return settings.state_dir / "s6"


def write(settings: Settings, parts: Iterable[Part]) -> None:
    """Write the service directories and remove those of parts that this installation no longer has."""
    scan = directory(settings)
    wanted = {part.name: part for part in parts}
    for service in scan.iterdir():
        if service.is_dir() and not service.name.startswith(".") and service.name not in wanted:
            shutil.rmtree(service)
    for part in wanted.values():
        _write_service(settings, part, scan / part.name)


def write_contained(settings: Settings, parts: Iterable[Part]) -> None:
    """The tree of a container's parts: what they say is the container's output, and nobody beside it logs."""
    for part in parts:
        service = directory(settings) / part.name
        service.mkdir(exist_ok=True)
        _write_part(settings, part, service, "contained")


def _write_service(settings: Settings, part: Part, service: Path) -> None:
    (service / "log").mkdir(parents=True, exist_ok=True)
    for place in (service, service / "log"):
        place.chmod(0o755)  # the API reads how many lines were dropped
    logs = settings.state_dir / "log" / part.name
    logs.mkdir(mode=0o750, exist_ok=True)
    _write_part(settings, part, service, "exec")
    pump = shlex.join([sys.executable, "-I", "-S", str(Path(__file__).with_name("log_pump.py")), DROPPED])
    _script(service / "log" / "run", f"exec {pump} {_LOGGER} {shlex.quote(str(logs))}")


def _write_part(settings: Settings, part: Part, service: Path, command: str) -> None:
    """How it is started, `python -m service COMMAND NAME`, and how it ends."""
    module = f"cd {shlex.quote(str(settings.home))} && exec {shlex.quote(sys.executable)} -m service"
    _script(service / "run", f"{module} {command} {part.name} 2>&1")
    if part.has_children:
        _script(service / "finish", f"{module} clean {part.name}")
    else:  # an older release wrote it for every part
        (service / "finish").unlink(missing_ok=True)
    (service / "notification-fd").write_text(f"{NOTIFY_ON}\n")
    (service / "down-signal").write_text(f"SIG{part.stop_signal}\n")
    (service / "timeout-kill").write_text(f"{part.grace_seconds * 1000}\n")


def _script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
