"""Does bad things to the parts of an installation."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from service import parts
from service.s6 import leftovers, services
from tests.wire.system import System

#: The process that stores and answers accounting, a child of the accounting process.
STORE_PROCESS = "store_process"


class Breaker:
    """Does bad things to parts."""

    def __init__(self, system: System) -> None:
        self.system = system

    def pid(self, part: str) -> int:
        """The part's main process, waiting for it to be up; of `store_process`, the child of acct."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            pid = self._store_process() if part == STORE_PROCESS else self._supervised(part)
            if pid is not None:
                return pid
            time.sleep(0.02)
        raise AssertionError(f"{part} is not up")

    def _supervised(self, part: str) -> int | None:
        state = services.state(self.system.installation.settings, parts.by_name(part))
        return state.pid if state is not None and state.up else None

    def _store_process(self) -> int | None:
        acct = self.pid("acct")
        with suppress(FileNotFoundError):  # ended meanwhile
            for pid in Path(f"/proc/{acct}/task/{acct}/children").read_text().split():
                if Path(f"/proc/{pid}/comm").read_text() == f"{STORE_PROCESS}\n":
                    return int(pid)
        return None

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
