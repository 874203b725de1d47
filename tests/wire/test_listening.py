"""A server that listens on all its addresses, as with real routers: each is answered from the one that it asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.testing import Installation, free_ports
from tests.radius_client import (
    AcctStatus,
    Code,
    Pap,
    Visit,
    access_attributes,
    access_request,
    accounting_attributes,
    accounting_request,
    exchange,
    verify,
)
from tests.wire.system import System
from tests.wire.tenant import PASSWORD, Tenant


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    ports = free_ports()
    with Installation(tmp_path_factory.mktemp("all") / "s", *ports, RADIUS_LISTEN="0.0.0.0") as installation:  # noqa: S104
        running = System(installation)
        running.server = ("127.0.0.1", installation.settings.radius_auth_port)
        yield running
        running.close()


@pytest.mark.parametrize("asked", ["127.0.0.1", "127.0.0.9"])
def test_a_router_is_answered_from_the_address_that_it_asked(everywhere: System, asked: str) -> None:
    tenant = Tenant(everywhere)
    john, router, settings = tenant.customer(), tenant.router, everywhere.installation.settings
    everywhere.settle()
    visit = Visit(john.username, "80f00001", nas_address=router.address)
    login = access_request(router.secret, access_attributes(visit), Pap(PASSWORD.encode()))
    start = accounting_request(router.secret, accounting_attributes(visit, AcctStatus.START, None))
    for request, port, code in (
        (login, settings.radius_auth_port, Code.ACCESS_ACCEPT),
        (start, settings.radius_acct_port, Code.ACCOUNTING_RESPONSE),
    ):
        # The socket is connected: an answer from another address does not reach it.
        octets = exchange(request, (asked, port), source=(router.address, 0))
        assert octets is not None
        assert verify(octets, request).code == code
