"""The packets of each scenario, built before any clock starts. Packet `k` has identifier `k mod 256`."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence

from tests.bench.load import IDENTIFIERS
from tests.bench.population import SECRET, Subscriber
from tests.radius_client import (
    AcctStatus,
    Attribute,
    Credential,
    Growth,
    MsChap2,
    Name,
    Pap,
    access_attributes,
    access_request,
    accounting_attributes,
    accounting_request,
    text,
)

Classes = Mapping[int, bytes]
Proof = Callable[[Subscriber], Credential]
_session_numbers = itertools.count()


def pap(who: Subscriber) -> Credential:
    """The password, hidden with the packet's authenticator."""
    return Pap(who.password.encode())


def mschap2(who: Subscriber) -> Credential:
    """Fresh challenges of both ends and the response to them."""
    return MsChap2(who.username.encode(), who.password)


def logins(customers: Sequence[int], count: int, proof: Proof = pap) -> list[bytes]:
    """Logins of PPPoE customers in turn: no two have an authenticator or a session in common."""
    lines = {number: access_attributes(Subscriber(number).visit("")) for number in customers[:count]}
    return [_login(at, customers[at % len(customers)], lines, proof) for at in range(count)]


def _login(at: int, number: int, lines: Mapping[int, list[Attribute]], proof: Proof) -> bytes:
    session = text(Name.ACCT_SESSION_ID, f"81{next(_session_numbers) % 2**24:06x}")
    credential = proof(Subscriber(number))
    # The session's identifier stands last in a PPPoE login.
    return access_request(SECRET, [*lines[number][:-1], session], credential, identifier=at % IDENTIFIERS).octets


def accounting(
    status: AcctStatus, sessions: Iterator[tuple[int, str, Growth | None]], classes: Classes, timestamp: int
) -> list[bytes]:
    """One request for each `(customer, session id, counters)`; Class as the customer's login brought it."""
    packets = []
    for at, (number, session_id, growth) in enumerate(sessions):
        attributes = accounting_attributes(
            Subscriber(number).visit(session_id), status, growth,
            timestamp=timestamp, session_class=classes.get(number),
        )  # fmt: skip
        packets.append(accounting_request(SECRET, attributes, identifier=at % IDENTIFIERS).octets)
    return packets


def new_sessions(run: str, customers: Sequence[int], count: int) -> Iterator[tuple[int, str, Growth | None]]:
    """Starts of `count` sessions, customer after customer."""
    for at in range(count):
        yield customers[at % len(customers)], session_id(run, at), None


def ended_sessions(run: str, customers: Sequence[int], count: int) -> Iterator[tuple[int, str, Growth | None]]:
    """Stops of the sessions that `new_sessions` began."""
    for at in range(count):
        yield customers[at % len(customers)], session_id(run, at), Growth(600, 1_000_000, 5_000_000, 9_000, 9_000)


def updates(run: str, customers: Sequence[int], count: int) -> Iterator[tuple[int, str, Growth | None]]:
    """Interim-Updates of one session for each customer, round after round, each with more on the counters."""
    for at in range(count):
        step, who = divmod(at, len(customers))
        growth = Growth(60 * (step + 1), 10_000 * (step + 1), 50_000 * (step + 1), 90 * (step + 1), 90 * (step + 1))
        yield customers[who], session_id(run, who), growth


def session_id(run: str, at: int) -> str:
    """Unique over all runs of one bench."""
    return f"{run}{at:08x}"
