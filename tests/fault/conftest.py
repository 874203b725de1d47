"""One installation to break things in, apart from the one that all other tests share."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import OperationalError

from service.testing import Installation, free_ports
from tests.fault.breaker import Breaker
from tests.fault.crowd import Crowd
from tests.fault.deaths import Deaths
from tests.fault.logins import Logins
from tests.support.money_world import broken as broken_rules
from tests.wire.system import System
from tests.wire.tenant import Person, Tenant


@pytest.fixture(scope="session")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """An installation whose log nobody judges."""
    with Installation(tmp_path_factory.mktemp("fault") / "s", *free_ports()) as installation:
        running = System(installation)
        yield running
        running.close()


@pytest.fixture(autouse=True)
def proof(request: pytest.FixtureRequest) -> Iterator[None]:
    """The last step of every test, whatever was broken in it: the books of each installation that it used hold."""
    systems = [request.getfixturevalue(name) for name in ("broken", "system") if name in request.fixturenames]
    yield
    for system in systems:
        assert rules_broken(system) == []


def rules_broken(system: System, patience: float = 60.0) -> list[str]:
    """Those of `verify-books`, as soon as the database answers."""
    deadline = time.monotonic() + patience
    while True:
        try:
            with system.owner.connect() as connection:
                return broken_rules(connection)
        except OperationalError:
            assert time.monotonic() < deadline, "the database does not come back"
            time.sleep(0.2)


@pytest.fixture
def breaker(broken: System) -> Breaker:
    return Breaker(broken)


@pytest.fixture
def tenant(broken: System) -> Tenant:
    return Tenant(broken)


@pytest.fixture
def people(tenant: Tenant) -> list[Person]:
    return customers_of(tenant)


def customers_of(tenant: Tenant) -> list[Person]:
    """Customers who may have as many sessions as the tests give each of them."""
    plan = tenant.plan(simultaneous_use=20)
    return [tenant.customer(f"user{number}", plan=plan) for number in range(40)]


@pytest.fixture
def crowd(broken: System, tenant: Tenant, people: list[Person]) -> Crowd:
    broken.settle()
    return Crowd(broken, tenant.router, people).greet()


@pytest.fixture
def logins(tenant: Tenant, broken: System) -> Logins:
    logins = Logins(tenant)
    broken.settle()
    return logins


@pytest.fixture
def deaths(crowd: Crowd, breaker: Breaker) -> Deaths:
    return Deaths(crowd, breaker)
