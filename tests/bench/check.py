"""Whether a run of logins was what it is called: each packet decided, each Accept recorded, none sent twice.

A server may answer a packet that it has seen before from memory (RFC 5080 section 2.2.2). A generator that repeats its
packets measures that memory and calls it logins, which only the server's own books can tell.
"""

import time
from dataclasses import dataclass
from typing import Protocol

from tests.bench.result import Result

# A writer that books nothing for so long has nothing more to book.
_STILL_SECONDS = 15.0
_LIMIT_SECONDS = 120.0
_LOOK_EVERY = 0.5


@dataclass(frozen=True)
class Tally:
    """What a server's own books say. `recorded` is None where it keeps no record of logins."""

    decided: int
    recorded: int | None

    def since(self, before: "Tally") -> "Tally":
        """What has been added."""
        recorded = None if self.recorded is None else self.recorded - (before.recorded or 0)
        return Tally(self.decided - before.decided, recorded)


class Bookkeeper(Protocol):
    """Who can be asked for a tally."""

    def tally(self) -> Tally:
        """Logins decided and Accepts recorded so far."""


def settled(books: Bookkeeper) -> Tally:
    """The tally once nothing is added to it any more: the beginning of a run."""
    tally = books.tally()
    deadline = time.monotonic() + _LIMIT_SECONDS
    while time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY)
        last, tally = tally, books.tally()
        if tally == last:
            break
    return tally


def added(books: Bookkeeper, before: Tally, result: Result, still: float = _STILL_SECONDS) -> Tally:
    """What the run added, once it agrees with what was sent, or once it does not grow any more."""
    tally, changed = books.tally().since(before), time.monotonic()
    deadline = changed + _LIMIT_SECONDS
    while faults(result, tally) and changed + still > time.monotonic() < deadline:
        time.sleep(min(_LOOK_EVERY, still))
        last, tally = tally, books.tally().since(before)
        if tally != last:
            changed = time.monotonic()
    return tally


def faults(result: Result, tally: Tally) -> list[str]:
    """One sentence for each way in which the run was not one login a packet; empty if it was."""
    accepted = result.arrived - result.wrong
    sentences = []
    if result.repeated:
        sentences.append(f"{result.repeated} of its packets are repetitions of others.")
    if result.arrived != result.sent:
        sentences.append(f"{result.sent} packets were sent and {result.arrived} answered.")
    if result.unexpected:
        sentences.append(f"{result.unexpected} answers belong to no packet that waited for one.")
    if result.wrong or result.bad_replies:
        sentences.append(f"{result.wrong} answers are no Accept, {len(result.bad_replies)} are not valid.")
    if tally.decided != result.sent:
        sentences.append(f"{result.sent} packets were sent and {tally.decided} logins decided.")
    if tally.recorded is not None and tally.recorded != accepted:
        sentences.append(f"{accepted} logins were accepted and {tally.recorded} recorded.")
    return sentences
