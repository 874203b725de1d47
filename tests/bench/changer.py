"""Changes of customers by SQL, made by a process of its own: the login generator is not held up by the database."""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import psycopg2

from tests.bench.population import SECRET, Subscriber
from tests.radius_client import Code, Pap, access_attributes, access_request, exchange

Customers = Sequence[tuple[int, int]]
"""(Number in the population, id in the database.)"""

_RENEW = "UPDATE customers SET expires_at = expires_at + interval '1 second' WHERE id = %s"
_SUSPEND = "UPDATE customers SET status = 'suspended' WHERE id = ANY(%s)"


@dataclass(frozen=True)
class Changed:
    """`per_second` changes a second; or how long the statement took, and how long after its commit it was in force.

    `in_force` is None if it was not within the limit.
    """

    count: int
    per_second: float = 0.0
    statement: float = 0.0
    in_force: float | None = None


Begin = Callable[[], None]


class Changer:
    """A process with a connection of its own, in which `work(begin, *arguments)` runs.

    What it does before it calls `begin` is preparation; `begin` returns when `start` is called.
    """

    def __init__(self, work: Callable[..., Changed], *arguments: Any) -> None:
        context = multiprocessing.get_context("fork")
        self._ours, theirs = context.Pipe()
        self._is_prepared = False
        self._process = context.Process(target=_run, args=(theirs, work, arguments), daemon=True)
        self._process.start()
        theirs.close()

    def wait(self) -> None:
        """Until it is prepared. Raises EOFError if it died."""
        if not self._is_prepared:
            self._ours.recv()
            self._is_prepared = True

    def start(self) -> None:
        """Wait until it is prepared, and let it begin."""
        self.wait()
        self._ours.send(None)

    def done(self) -> bool:
        """Whether it has finished."""
        return self._ours.poll()

    def finish(self) -> Changed:
        """What it did; waits for it. Raises EOFError if it died."""
        changed: Changed = self._ours.recv()
        self._process.join()
        return changed


def _run(report: Connection, work: Callable[..., Changed], arguments: tuple[Any, ...]) -> None:
    def begin() -> None:
        report.send(None)
        report.recv()

    report.send(work(begin, *arguments))


def renew_steadily(begin: Begin, url: str, ids: Sequence[int], per_second: float, seconds: float) -> Changed:
    """One customer after the other, a transaction each, on schedule."""
    db = psycopg2.connect(url)
    db.autocommit = True
    begin()
    begun, count = time.monotonic(), 0
    with db.cursor() as cursor:
        while (now := time.monotonic()) < begun + seconds:
            if (early := begun + count / per_second - now) > 0:
                time.sleep(early)
            cursor.execute(_RENEW, (ids[count % len(ids)],))
            count += 1
    db.close()
    return Changed(count, per_second=count / (time.monotonic() - begun))


def suspend_at_once(
    begin: Begin, url: str, customers: Customers, asked: Customers, server: tuple[str, int], source: str, limit: float
) -> Changed:
    """All in one statement, which is prepared until only its commit is left.

    Then some of them log in, one after the other, until each has been refused.
    """
    db = psycopg2.connect(url)
    begun = time.monotonic()
    with db.cursor() as cursor:
        cursor.execute(_SUSPEND, ([key for _, key in customers],))
    statement = time.monotonic() - begun
    begin()
    db.commit()
    begun = time.monotonic()
    db.close()
    for number, _ in asked:
        while not is_refused(number, server, source):
            if time.monotonic() > begun + limit:
                return Changed(len(customers), statement=statement)
            time.sleep(0.002)
    return Changed(len(customers), statement=statement, in_force=time.monotonic() - begun)


def is_refused(number: int, server: tuple[str, int], source: str) -> bool:
    """Whether a login of the customer through the router at `source` is answered by a Reject now."""
    who = Subscriber(number)
    request = access_request(SECRET, access_attributes(who.visit("83000000")), Pap(who.password.encode()))
    answer = exchange(request, server, timeout=1.0, source=(source, 0))
    return answer is not None and answer[0] == Code.ACCESS_REJECT
