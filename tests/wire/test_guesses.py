"""A customer's password is guessed at: sixty times an hour and no more, while their own devices notice nothing."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from models.accounting.booking import book
from models.accounting.records import AuthResult
from radius_module.rules.identity import MOST_WRONG
from tests.support.guessing import Guesser, looked_at
from tests.wire.router import MAC, PROTOCOLS, Answer, proof
from tests.wire.system import System
from tests.wire.tenant import PASSWORD, Person, Tenant

OTHER_MAC, NEW_MAC = "02:00:00:00:00:02", "02:00:00:00:00:03"
#: What the machine may take for a login that waits for nothing, seconds: others use it too.
AT_ONCE = 0.3


def until_held_back(tenant: Tenant, person: Person, protocol: str = "PAP") -> int:
    """Guess until no answer is a decision any more; how many were."""
    with Guesser(tenant.router, person.username) as guesser:
        guesser.guess(80, protocol)
    return looked_at(tenant, person, results=80)


def at_once(tenant: Tenant, guesses: list[tuple[str, str]], protocol: str) -> list[Answer]:
    """All of them together, for each is answered late."""

    def log_in(guess: tuple[str, str]) -> Answer:
        return tenant.router.login(guess[0], proof(protocol, *guess), mac=NEW_MAC, timeout=8.0)

    with ThreadPoolExecutor(len(guesses)) as pool:
        return list(pool.map(log_in, guesses))


@pytest.mark.parametrize(
    "protocol", ["MS-CHAPv2", *(pytest.param(name, marks=pytest.mark.long) for name in PROTOCOLS[:4])]
)
def test_beyond_sixty_a_right_guess_looks_like_a_wrong_one_and_like_nobodys(tenant: Tenant, protocol: str) -> None:
    john = tenant.customer("john")
    assert tenant.login(john, mac=MAC).accepted
    begun = time.monotonic()
    with Guesser(tenant.router, "nobody") as guesser:
        guesser.guess(10, protocol)
    assert until_held_back(tenant, john, protocol) == MOST_WRONG
    guesses = [("john", PASSWORD), ("john", "wrong"), ("nobody", PASSWORD)]
    refusals = at_once(tenant, guesses, protocol)
    assert time.monotonic() - begun < 15, "the machine is too slow for this test: it may be another's turn"
    assert not any(answer.accepted for answer in refusals)
    shapes = {(answer.message, tuple(sorted((name, len(value)) for name, value in answer.reply.attributes)))
              for answer in refusals}  # fmt: skip
    assert len(shapes) == 1, shapes
    begun = time.monotonic()
    assert tenant.router.login("john", proof(protocol, "john", PASSWORD), mac=MAC).accepted
    assert time.monotonic() - begun < AT_ONCE


def test_what_other_nodes_have_booked_counts_here(tenant: Tenant, system: System) -> None:
    """A device that has logged in at another node alone, and sixty wrong passwords there."""
    john = tenant.customer("john")
    now = time.time()
    device = tenant.router.device_id
    results = [
        AuthResult(tenant.isp_id, now - 40 * number, b"john", "Access-Reject", "bad_password", john.id, device)
        for number in range(60)
    ]
    results.append(AuthResult(tenant.isp_id, now - 29 * 86_400, b"john", "Access-Accept", "accept", john.id, device,
                              mac=OTHER_MAC))  # fmt: skip
    with system.owner.begin() as connection:
        book(connection, results)
    system._unsettled = True
    assert not tenant.login(john, mac=NEW_MAC).accepted
    assert tenant.login(john, mac=OTHER_MAC).accepted
    assert [row.code for row in tenant.results(63)][-2:] == ["too_many_guesses", "accept"]


def test_nobody_else_is_held_back(tenant: Tenant, other_tenant: Tenant) -> None:
    john, jane = tenant.customer("john"), tenant.customer("jane")
    namesake = other_tenant.customer("john")
    until_held_back(tenant, john)
    for isp, person in ((tenant, jane), (other_tenant, namesake)):
        assert isp.login(person, mac=NEW_MAC).accepted
