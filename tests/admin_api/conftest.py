"""One database for the whole directory; each test has tenants of its own in it."""

from __future__ import annotations

import itertools
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from click.testing import Result
from passlib.hash import argon2
from sqlalchemy import Engine, text

from admin_api import application, create_app
from admin_api.operation import installation
from admin_api.settings import Settings, from_environment
from models.db import make_engine
from models.tenants import operators
from radius_module.status import PROCESSES, moment, report_file
from service.testing import Installation
from tests.support.caller import Caller, Tenant
from tests.support.device_worker import device_worker
from tests.wire.system import System

ADMIN = ("admin", "first-administrator-1")
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def quick_passwords() -> Iterator[None]:
    """argon2id as everywhere, and so cheap that a hundred logins do not take a minute."""
    argon2.get_backend()  # the library loads itself on the first use of the class, and not of a variant of it
    cheap = argon2.using(type="ID", rounds=1, memory_cost=64, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        for module in (operators, application):
            patch.setattr(module, "hash_operator_password", cheap.hash)
        yield


@pytest.fixture(scope="session")
def environment(quick_passwords: None) -> Iterator[dict[str, str]]:
    """Of the schema's owner, on a cluster of this run's own with the schema in it."""
    with (
        tempfile.TemporaryDirectory(prefix="api-", dir="/tmp", ignore_cleanup_errors=True) as directory,
        Installation(Path(directory) / "state", 24812, 24813, 24500) as running,
    ):
        running.start_postgres()
        variables = running.owner_environment() | {"ADMIN_USERNAME": ADMIN[0], "ADMIN_PASSWORD": ADMIN[1]}
        installation.prepare(variables)
        yield variables


@pytest.fixture(scope="session")
def settings(environment: dict[str, str]) -> Settings:
    return replace(from_environment(environment), login_failures_allowed=0)


@pytest.fixture(scope="session")
def device_calls(settings: Settings) -> Iterator[list[dict[str, Any]]]:
    """What the worker was asked to do with routers; it does nothing, and says so."""
    with device_worker(settings.socket_dir) as asked:
        yield asked


@pytest.fixture(scope="session")
def app(settings: Settings, device_calls: list[dict[str, Any]]) -> Iterator[APIFlask]:
    api = create_app(settings)
    yield api
    api.extensions["infora"].engine.dispose()


@pytest.fixture
def accounting_is_stored(settings: Settings) -> Iterator[None]:
    """What the processes of FreeRADIUS and the writer would say of themselves while all is well; here none runs."""
    directory = report_file(settings.state_dir, "auth").parent
    reports = [directory / f"{process}.json" for process in PROCESSES]
    for report in reports:
        report.write_text(json.dumps(moment() | {"tick": time.monotonic() + 3600, "spool_works": True, "troubles": []}))
    yield
    for report in reports:
        report.unlink()


@pytest.fixture(scope="session")
def owner(environment: dict[str, str]) -> Iterator[Engine]:
    """Sees every row, as an operator with psql does."""
    engine = make_engine(environment["DATABASE_URL"], "tests")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def superadmin(app: APIFlask) -> Caller:
    caller = Caller(app)
    token = caller.post("/api/auth/login", {"username": ADMIN[0], "password": ADMIN[1]}).data["token"]
    return Caller(app, {"Authorization": f"Bearer {token}"})


@pytest.fixture
def tenant(app: APIFlask, superadmin: Caller) -> Tenant:
    """A fresh tenant, with a caller for each role in it."""
    return Tenant(app, superadmin, f"ISP {next(_numbers)}")


@pytest.fixture
def other_tenant(app: APIFlask, superadmin: Caller) -> Tenant:
    return Tenant(app, superadmin, f"Other ISP {next(_numbers)}")


@pytest.fixture
def rows(owner: Engine):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """rows("select …", name=value): what the database really holds."""

    def ask(statement: str, **values: object) -> list[tuple[object, ...]]:
        with owner.begin() as connection:
            result = connection.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    return ask


@pytest.fixture(scope="session")
def running_app(system: System) -> Iterator[APIFlask]:
    """The API, in this process, of the installation whose FreeRADIUS runs."""
    api = create_app(from_environment(system.installation.environment("api")))
    yield api
    api.extensions["infora"].engine.dispose()


@pytest.fixture(scope="session")
def operator(running_app: APIFlask, system: System) -> Caller:
    """Its first administrator."""
    token = Caller(running_app).post("/api/auth/login", system.demo["admin"]).data["token"]
    return Caller(running_app, {"Authorization": f"Bearer {token}"})


@pytest.fixture
def run(app: APIFlask, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """run("doctor", "--json", NAME="value"): a command beside the API, with the owner's environment."""

    def command(*arguments: str, **variables: str) -> Result:
        for name, value in (environment | variables).items():
            monkeypatch.setenv(name, value)
        return app.test_cli_runner().invoke(args=arguments)

    return command
