"""Parts that run under a wrong clock: libfaketime before the real program, as the service starts it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from service import parts
from service.start import readiness, waiting
from service.testing import Installation

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


@contextmanager
def running(installation: Installation, name: str, error: str, log: Path) -> Iterator[None]:
    """The part with a wall clock that is wrong by `error` (such as `+1095d`); time passes as it does.

    STATE_DIR must be where the parts' accounts can go: there is no supervisor to open the way.
    """
    assert LIBRARY is not None, "faketime is not installed: run scripts/setup"
    part, settings = parts.by_name(name), installation.settings
    account = settings.accounts.of(part.runs_as)
    user = {"user": account.uid, "group": account.gid, "extra_groups": account.groups()} if account.switch else {}
    faked = {"LD_PRELOAD": str(LIBRARY), "FAKETIME": error, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_SHM": "1"}
    with log.open("ab") as file:
        process = subprocess.Popen(
            _sleeping(list(part.command(settings))), cwd=settings.home, stdout=file, stderr=file,
            env=installation.environment(name) | faked, start_new_session=True, **user,
        )  # fmt: skip
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGINT if part.stop_signal == "INT" else signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _sleeping(command: list[str]) -> list[str]:
    """Of a Python module that is a program: the same, able to sleep."""
    program, *rest = command
    return [program, "-m", "tests.support.sleeping_module", *rest[1:]] if rest[0] == "-m" else command


@contextmanager
def all_running(installation: Installation, names: tuple[str, ...], error: str, logs: Path) -> Iterator[None]:
    """Several parts under the same wrong clock, in this order; each answers before the next starts."""
    logs.mkdir(exist_ok=True)
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(running(installation, name, error, logs / name))
            part = parts.by_name(name)
            if name not in ("writer", "worker"):  # only the supervisor knows whether those are up
                waiting.until(
                    installation.settings, part,
                    lambda part=part: readiness.answers(part, installation.settings, installation.secrets), 60,
                )  # fmt: skip
        yield
