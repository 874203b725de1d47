"""The packets of each scenario, built before any clock starts. Packet `k` has identifier `k mod 256`."""

from collections.abc import Iterator, Mapping, Sequence

from tests.bench.load import IDENTIFIERS, PORTS
from tests.bench.population import SECRET, Subscriber
from tests.radius_client import (
    AcctStatus,
    Growth,
    Pap,
    access_attributes,
    access_request,
    accounting_attributes,
    accounting_request,
)

Classes = Mapping[int, bytes]


def logins(customers: Sequence[int]) -> list[bytes]:
    """PAP logins of PPPoE customers in turn; as many as a repeated pool needs, each customer at least once."""
    slots = IDENTIFIERS * PORTS
    count = -(-len(customers) // slots) * slots
    return [_login(at, Subscriber(customers[at % len(customers)])) for at in range(count)]


def _login(at: int, who: Subscriber) -> bytes:
    attributes = access_attributes(who.visit(f"81{at:06x}"))
    return access_request(SECRET, attributes, Pap(who.password.encode()), identifier=at % IDENTIFIERS).octets


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
