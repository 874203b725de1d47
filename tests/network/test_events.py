"""Each event: what it asks of the device, and that it is done when accounting shows it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.network.world import Network, eventually

GB = 10**9


def customer(network: Network, number: int = 1, **plan: object) -> object:
    return network.tenant.on_plan(f"customer{number}", **plan)


def test_a_suspended_customer_is_cut_and_the_stop_makes_it_done(network: Network) -> None:
    person = network.tenant.customer()
    session = network.login(person)
    network.api.call("POST", f"/api/billing/customers/{person.id}/suspend")
    eventually(lambda: session.is_over, True)
    assert session.cause == 6
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "done", None)])
    assert network.router.login(person.username, person.password) is None
