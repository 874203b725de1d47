"""How long logins are served from facts that the database has not confirmed: the tenant's own choice."""

from __future__ import annotations

import pytest

from radius_module.auth.server import AuthServer
from radius_module.directory.contents import Contents, Directory
from tests.support.facts_made import ISP
from tests.support.reports_made import NOON

HOUR = 3600.0


@pytest.fixture
def server() -> AuthServer:
    """As much of it as these tests need: what it knows, confirmed at noon."""
    server = AuthServer.__new__(AuthServer)
    server.directory, contents = Directory(), Contents()
    for number, hours in ((1, 0), (2, 1), (3, 72)):
        contents.isps[number] = ISP._replace(id=number, max_stale=hours * HOUR)
    server.directory.replace(contents)
    server.directory.confirmed_at = NOON
    return server


@pytest.mark.parametrize(("isp_id", "longest"), [(1, 60.0), (2, HOUR), (3, 72 * HOUR)])
def test_a_tenant_is_served_to_the_second_and_not_beyond(server: AuthServer, isp_id: int, longest: float) -> None:
    assert not server.is_too_stale(isp_id, NOON + longest - 1)
    assert not server.is_too_stale(isp_id, NOON + longest)
    assert server.is_too_stale(isp_id, NOON + longest + 1)


def test_what_the_database_confirms_is_served_again(server: AuthServer) -> None:
    assert server.is_too_stale(2, NOON + 2 * HOUR)
    server.directory.confirmed_at = NOON + 2 * HOUR
    assert not server.is_too_stale(2, NOON + 2 * HOUR)


def test_an_unknown_tenant_has_nothing_that_could_be_old(server: AuthServer) -> None:
    assert not server.is_too_stale(99, NOON + 1000 * HOUR)
