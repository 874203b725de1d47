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
# 40 files of 4 MB per part; T: each line begins with its time in ISO 8601. FreeRADIUS says every few seconds that it
# knows a client, which would leave minutes of history where weeks are to fit.
_LOG_SCRIPT = "'-: Info: Adding client ' n40 s4000000 T"
# Without -b s6-log reads on while the disk takes nothing: nobody who writes a log line waits for the disk. What it
# holds meanwhile is bounded; beyond that it starts anew, and the lines it held are lost.
_LOGGER = "s6-softlimit -a 100000000 s6-log --"


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


def _write_service(settings: Settings, part: Part, service: Path) -> None:
    (service / "log").mkdir(parents=True, exist_ok=True)
    logs = settings.state_dir / "log" / part.name
    logs.mkdir(mode=0o750, exist_ok=True)
    module = f"cd {shlex.quote(str(settings.home))} && exec {shlex.quote(sys.executable)} -m service"
    _script(service / "run", f"{module} exec {part.name} 2>&1")
    if part.has_children:
        _script(service / "finish", f"{module} clean {part.name}")
    else:  # an older release wrote it for every part
        (service / "finish").unlink(missing_ok=True)
    (service / "notification-fd").write_text(f"{NOTIFY_ON}\n")
    _script(service / "log" / "run", f"exec {_LOGGER} {_LOG_SCRIPT} {shlex.quote(str(logs))}")
    (service / "down-signal").write_text(f"SIG{part.stop_signal}\n")
    (service / "timeout-kill").write_text(f"{part.grace_seconds * 1000}\n")


def _script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
