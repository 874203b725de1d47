"""One installation for as many tests as possible: each makes tenants, routers and customers of its own in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.testing import Installation, free_ports
from tests.wire.freeradius_log import unexpected_lines
from tests.wire.system import System


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The whole installation, running. What its FreeRADIUS complains of without having been expected to fails the run.

    Tests tell what they provoke with `system.expect_log(…)`.
    """
    with Installation(tmp_path_factory.mktemp("sys") / "s", *free_ports()) as installation:
        running = System(installation)
        yield running
        running.close()
        found = unexpected_lines(installation.settings.state_dir, running.expected_log)
    assert not found, "FreeRADIUS logged what no test expected:\n" + "\n".join(found)
