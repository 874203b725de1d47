"""`python -m service launch NAME`: what a unit starts, and what becomes the part.

systemd has done the rest: account, priority, environment and walls (service.systemd.units). What is left of a part's
last life is systemd's to end, by control group; only PostgreSQL's own lock file can outlive a machine.
"""

import os
import socket
import struct
from contextlib import suppress
from typing import NoReturn

from service import parts
from service.host import lock
from service.host.settings import Settings
from service.s6 import leftovers

#: A part waits so long for a journal that takes nothing, and drops the line then; seconds and microseconds.
_LOG_PATIENCE = struct.pack("@ll", 0, 50_000)


def become(name: str, settings: Settings) -> NoReturn:
    """Replace this process by the part. Raises Refusal when it cannot start; systemd tries again."""
    lock.hold_together(settings)
    wait_for_no_log()
    if name == "postgres":
        leftovers.end(name, settings)
    command = list(parts.by_name(name).command(settings))
    os.execve(command[0], command, dict(os.environ))  # noqa: S606 - no shell is the point


def wait_for_no_log() -> None:
    """The time limit belongs to the socket that standard output and error are, and so outlives the change of program.

    Without it a journal that hangs with its disk would hold logins up.
    """
    for number in (1, 2):
        with suppress(OSError), socket.socket(fileno=os.dup(number)) as log:
            log.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _LOG_PATIENCE)
