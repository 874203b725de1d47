"""One installation for as many tests as possible: each makes tenants, routers and customers of its own in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.testing import Installation, free_ports
from tests.wire.freeradius_log import unexpected_lines
from tests.wire.system import System

HERE = Path(__file__).parent

# What `make test` runs after all the others, one by one: file or folder, and what it asks of the machine.
ALONE = {
    "admin_api/radius/test_login_process.py": "guesses wait for their seconds, and nobody else does",
    "admin_api/radius/test_question_socket.py": "an answer from the login process, or none within a second",
    "fault/test_disk.py": "the p99 of logins while the disk is slow, full or broken",
    "fault/test_full_log.py": "the p99 of logins while no log line can be written",
    "fault/test_guess_flood.py": "the p99 of logins beside guesses",
    "fault/test_order.py": "each of 10,000 answers is traced",
    "fault/test_outage.py": "the p99 of logins without a database",
    "fault/test_slow_peers.py": "health within a second beside a hundred slow callers",
    "models/test_deadline.py": "a silent server is given up after so many seconds",
    "network/test_speed.py": "from the decision to the packet in milliseconds",
    "radius_module/writer/test_giants.py": "how quickly others are booked beside giant counters",
    "radius_module/replies/test_sender.py": "replies that wait leave at their moment",
    "service/test_restarts.py": "a part that died is back within two seconds",
    "wire/test_changes_in_force.py": "changes are in force within 100 ms",
    "wire/test_database_away.py": "the p99 of logins without a database",
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what is in ALONE, before pytest chooses by marks."""
    places = {HERE / place for place in ALONE}
    for item in items:
        if not places.isdisjoint((item.path, *item.path.parents)):
            item.add_marker(pytest.mark.alone)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Octets are named by their length: those that a test draws differ between the processes that share the tests."""
    return f"{len(val)} octets" if isinstance(val, bytes) else None


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
