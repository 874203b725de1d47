"""A database that is neither there nor gone: connections stay, and nothing comes back. Noticed in time, and said."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.db import make_engine
from service.database import urls
from service.host import layout
from service.testing import Installation, free_ports
from tests.support.dropping_network import DroppingNetwork
from tests.support.machine import machine
from tests.support.tcp_relay import TcpRelay
from tests.wire.postgres import as_superuser
from tests.wire.system import System
from tests.wire.tenant import Person, Tenant

#: Seconds from a change in the database to its being in force, and to `/readyz` saying what is wrong.
_IN_FORCE, _SAID = 15.0, 30.0


@pytest.fixture(scope="module", params=[0.25, pytest.param(1.0, marks=pytest.mark.long)], ids=["short", "long"])
def scale(request: pytest.FixtureRequest) -> float:
    """All deadlines are so many times as long as usual, and so may be what is waited for."""
    return float(request.param)


@pytest.fixture
def in_force(scale: float) -> float:
    return _IN_FORCE * scale * machine()


@pytest.fixture
def said(scale: float) -> float:
    return _SAID * scale * machine()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """PostgreSQL alone."""
    with Installation(tmp_path_factory.mktemp("cluster") / "s", *free_ports()) as installation:
        installation.start_postgres()
        yield installation


@pytest.fixture(scope="module")
def relay(cluster: Installation) -> Iterator[TcpRelay]:
    with TcpRelay(layout.socket_directory(cluster.settings) / ".s.PGSQL.5432") as way:
        yield way


def installed(cluster: Installation, way: TcpRelay | DroppingNetwork, state: Path, scale: float) -> Iterator[System]:
    """An installation whose database is at the other end of the way."""
    credentials = cluster.urls.owner.partition("://")[2].partition("@")[0]
    url = f"postgresql://{credentials}@{way.address}:{way.port}/{urls.PRIVATE_DATABASE}"
    execute(urls.superuser(cluster.settings), "alter role infora superuser")
    with Installation(state, *free_ports(), DATABASE_URL=url, DEADLINE_SCALE=str(scale)) as installation:
        running = System(installation)
        installation.start("api")
        yield running
        running.close()


@pytest.fixture(scope="module")
def system(
    cluster: Installation, relay: TcpRelay, scale: float, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    yield from installed(cluster, relay, tmp_path_factory.mktemp("parts") / "s", scale)


@pytest.fixture
def john(system: System) -> tuple[Tenant, Person]:
    tenant = Tenant(system)
    person = tenant.customer()
    system.settle()
    assert tenant.login(person).accepted
    return tenant, person


def seconds_until(true: Callable[[], bool], limit: float) -> float:
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < limit, f"not after {limit:.0f} s"
        time.sleep(0.1)
    return time.monotonic() - begun


def readyz(system: System) -> tuple[int, str]:
    try:
        address = system.installation.settings.api_base + "/readyz"
        with urllib.request.urlopen(address, timeout=25) as answer:  # noqa: S310  # our own
            return answer.status, ""
    except urllib.error.HTTPError as error:
        return error.code, str(json.load(error)["data"]["code"])
    except OSError as error:
        return 0, str(error)


def execute(url: str, statement: str) -> object:
    engine = make_engine(url, "tests")
    with engine.begin() as connection:
        result = connection.exec_driver_sql(statement)
        value = result.scalar() if result.returns_rows else None
    engine.dispose()
    return value


def suspend(cluster: Installation, person: Person) -> None:
    """As an operator does who sits beside the database."""
    execute(cluster.urls.owner, f"update customers set status = 'suspended' where id = {person.id}")  # noqa: S608


def is_booked(cluster: Installation, tenant: Tenant) -> bool:
    """The refusal, which the writer had to book meanwhile."""
    statement = f"select count(*) from radpostauth where isp_id = {tenant.isp_id} and code = 'suspended'"  # noqa: S608
    return bool(execute(cluster.urls.owner, statement))


def is_refused(tenant: Tenant, person: Person) -> bool:
    answer = tenant.router.ask_now(tenant.router.request(person.username, person.password), timeout=1.0)
    return answer is not None and not answer.accepted


def is_refused_over_http(tenant: Tenant, person: Person) -> bool:
    """By the API, whose own connections are silent too."""
    settings = tenant.system.installation.settings
    body = {"username": person.username, "password": person.password, "nas_ip": tenant.router.address}
    request = urllib.request.Request(  # noqa: S310  # our own
        settings.api_base + "/api/radius-api/auth", json.dumps(body).encode(),
        {"X-API-Key": tenant.api_key, "Content-Type": "application/json"},
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request, timeout=25):  # noqa: S310
            return False
    except urllib.error.HTTPError as error:
        return bool(json.load(error)["data"]["code"] == "suspended")


def test_a_suspended_customer_is_refused_though_the_connections_are_silent(
    system: System, cluster: Installation, relay: TcpRelay, john: tuple[Tenant, Person], in_force: float
) -> None:
    use_all_connections(john[0])
    relay.freeze()
    suspend(cluster, john[1])
    with ThreadPoolExecutor(1) as beside:
        over_http = beside.submit(seconds_until, lambda: is_refused_over_http(*john), 60)
        assert seconds_until(lambda: is_refused(*john), 60) < in_force
        assert over_http.result() < in_force
    assert seconds_until(lambda: is_booked(cluster, john[0]), 60) < in_force


def use_all_connections(tenant: Tenant) -> None:
    """Each of the API's processes has a few to the database, which go silent with the others."""
    for _ in range(4):
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda _: is_refused_over_http(tenant, Person(0, "nobody", "x")), range(16)))


def test_a_backend_that_hangs_is_left_for_another(
    system: System, cluster: Installation, john: tuple[Tenant, Person], in_force: float
) -> None:
    pids = [pid for (pid,) in as_superuser(
        cluster, "select pid from pg_stat_activity where application_name like 'infora %'")]  # fmt: skip
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        suspend(cluster, john[1])
        assert seconds_until(lambda: is_refused(*john), 60) < in_force
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_silent_database_is_said_by_readyz_and_status(system: System, relay: TcpRelay, said: float) -> None:
    assert seconds_until(lambda: readyz(system)[0] == 200, 30) >= 0
    relay.freeze(also_new=True)
    try:
        assert seconds_until(lambda: readyz(system)[0] == 503, 60) < said
        assert seconds_until(lambda: readyz(system)[1] in ("directory", "books"), 60) < said
    finally:
        relay.thaw()
    assert seconds_until(lambda: readyz(system)[0] == 200, 60) < said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes networks")
def test_a_network_that_drops_everything_is_noticed_and_forgotten(
    scale: float, tmp_path_factory: pytest.TempPathFactory, in_force: float, said: float
) -> None:
    with Installation(tmp_path_factory.mktemp("cluster") / "s", *free_ports()) as cluster:
        cluster.start_postgres()
        with DroppingNetwork(layout.socket_directory(cluster.settings) / ".s.PGSQL.5432") as network:
            for system in installed(cluster, network, tmp_path_factory.mktemp("parts") / "s", scale):
                _drop(system, cluster, network, in_force, said)


def _drop(system: System, cluster: Installation, network: DroppingNetwork, in_force: float, said: float) -> None:
    tenant = Tenant(system)
    person = tenant.customer()
    system.settle()
    assert tenant.login(person).accepted
    network.freeze()
    try:
        assert seconds_until(lambda: readyz(system)[0] == 503, 60) < said
        assert tenant.login(person).accepted
        suspend(cluster, person)
    finally:
        network.thaw()
    assert seconds_until(lambda: is_refused(tenant, person), 60) < in_force
    assert seconds_until(lambda: readyz(system)[0] == 200, 60) < said
    assert seconds_until(lambda: is_booked(cluster, tenant), 60) < in_force
