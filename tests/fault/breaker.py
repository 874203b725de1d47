"""Does bad things to the parts of an installation."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from service import leftovers, parts, services
from tests.wire.system import System

#: The process that stores and answers accounting, a child of the accounting process.
SPOOLER = "spooler"


class Breaker:
    """Does bad things to parts."""

    def __init__(self, system: System) -> None:
        self.system = system

    def pid(self, part: str) -> int:
        """The part's main process, waiting for it to be up; of `spooler`, a part of acct, the one."""
        if part == SPOOLER:
            return self._spooler()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            state = services.state(self.system.installation.settings, parts.by_name(part))
            if state is not None and state.up:
                return state.pid
            time.sleep(0.02)
        raise AssertionError(f"{part} is not up")

    def _spooler(self) -> int:
        """Its pid, waiting for it to be up."""
        acct = self.pid("acct")
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with suppress(FileNotFoundError):  # ended meanwhile
                for pid in Path(f"/proc/{acct}/task/{acct}/children").read_text().split():
                    if Path(f"/proc/{pid}/comm").read_text() == f"{SPOOLER}\n":
                        return int(pid)
            time.sleep(0.02)
        raise AssertionError("nobody stores accounting")

    def kill(self, part: str) -> None:
        """As the kernel would, or a power switch."""
        os.kill(self.pid(part), signal.SIGKILL)

    def freeze(self, part: str) -> Callable[[], None]:
        """All of its processes stand still; call the result to let them go on."""
        frozen = leftovers.of(part, self.system.installation.settings)
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)

        def thaw() -> None:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)

        return thaw
