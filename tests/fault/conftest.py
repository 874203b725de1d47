"""One installation to break things in, apart from the one that all other tests share."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from service import parts, services
from service.testing import Installation, free_ports
from tests.fault.crowd import Crowd
from tests.fault.logins import Logins
from tests.wire.system import System
from tests.wire.tenant import Person, Tenant


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
        from service import leftovers

        frozen = leftovers.of(part, self.system.installation.settings)
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)

        def thaw() -> None:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)

        return thaw


@pytest.fixture(scope="session")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """An installation whose log nobody judges."""
    with Installation(tmp_path_factory.mktemp("fault") / "s", *free_ports()) as installation:
        running = System(installation)
        yield running
        running.close()


@pytest.fixture
def breaker(broken: System) -> Breaker:
    return Breaker(broken)


@pytest.fixture
def tenant(broken: System) -> Tenant:
    return Tenant(broken)


@pytest.fixture
def people(tenant: Tenant) -> list[Person]:
    """Customers, one session each."""
    plan = tenant.plan()
    return [tenant.customer(f"user{number}", plan=plan) for number in range(40)]


@pytest.fixture
def crowd(broken: System, tenant: Tenant, people: list[Person]) -> Crowd:
    broken.settle()
    return Crowd(broken, tenant.router, people)


@pytest.fixture
def logins(tenant: Tenant, broken: System) -> Logins:
    made = Logins(tenant)
    broken.settle()
    return made
