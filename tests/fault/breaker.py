"""Does bad things to the parts of an installation."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from service import leftovers, parts, services
from tests.wire.system import System


class Breaker:
    """Does bad things to parts."""

    def __init__(self, system: System) -> None:
        self.system = system

    def pid(self, part: str) -> int:
        """The part's main process, waiting for it to be up."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            state = services.state(self.system.installation.settings, parts.by_name(part))
            if state is not None and state.up:
                return state.pid
            time.sleep(0.02)
        raise AssertionError(f"{part} is not up")

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
