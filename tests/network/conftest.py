"""The worker runs for these tests alone: others look at what is asked for before anybody carries it out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.network.world import Network, Workers
from tests.radius_client.serving import Serving
from tests.wire.system import System


@pytest.fixture(scope="module")
def worker_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("worker") / "log"


@pytest.fixture
def workers(system: System, worker_log: Path) -> Iterator[Workers]:
    """None runs yet."""
    starting = Workers(system, worker_log)
    yield starting
    starting.stop()


@pytest.fixture
def worker(workers: Workers, worker_log: Path) -> Iterator[Workers]:
    """One runs, and complains of nothing but a database that is away."""
    worker_log.write_bytes(b"")
    workers.start()
    workers.wait()
    yield workers
    complaints = [line for line in worker_log.read_text().splitlines() if "trying again" not in line]
    assert complaints == []


@pytest.fixture
def serving() -> Iterator[Serving]:
    with Serving() as threads:
        yield threads


@pytest.fixture
def network(system: System, worker: Workers, serving: Serving) -> Network:
    return Network(system, serving)
