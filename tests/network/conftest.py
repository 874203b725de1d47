"""The worker runs for these tests alone: others look at what is asked for before anybody carries it out.

One worker for the tests of a module; what a test leaves undone is closed, so that the next one does not meet it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.network.world import Network, Workers, one_worker
from tests.radius_client.serving import Serving
from tests.wire.system import System

_CLOSE = ("update outbox set status = 'failed', error = 'superseded', done_at = now() "
          "where status in ('pending', 'sent') and isp_id = :isp")  # fmt: skip


@pytest.fixture(scope="module")
def worker_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("worker") / "log"


@pytest.fixture(scope="module")
def worker(system: System, worker_log: Path) -> Iterator[Workers]:
    """One runs. Tests that kill it or start others have one of their own (test_workers)."""
    with one_worker(system, worker_log) as workers:
        yield workers


@pytest.fixture
def serving() -> Iterator[Serving]:
    with Serving() as threads:
        yield threads


@pytest.fixture
def network(system: System, worker: Workers, worker_log: Path, serving: Serving) -> Iterator[Network]:
    """The worker complains of nothing but a database that is away."""
    before = worker_log.stat().st_size
    tenant = Network(system, serving)
    yield tenant
    system.sql(_CLOSE, isp=tenant.isp_id)
    said = worker_log.read_bytes()[before:].decode()
    assert [line for line in said.splitlines() if "trying again" not in line] == []
