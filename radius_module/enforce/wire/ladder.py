"""What is tried next: how a session is named to its device, and when to try again. Pure.

Devices find a session in different ways, and refuse with Error-Cause (RFC 5176 section 3.6). The first step fits
RouterOS, which needs the address of a HotSpot session; the others are for what real devices refuse in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum

from radius_module.enforce.coa import Identity

UNSUPPORTED_ATTRIBUTE, INVALID_REQUEST, UNSUPPORTED_EXTENSION, INVALID_VALUE = 401, 404, 406, 407
UNKNOWN_SESSION, RESOURCES = 503, 506

#: Seconds between attempts; the last for all later ones.
_PAUSES = (0.5, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 10.0)
#: How long a session that the device does not know is waited for to end in the books, before the request has failed.
SETTLING = 15.0


class Step(StrEnum):
    """A way to name a session, in the order in which they are tried."""

    FULL = "name, id and address"
    NAME_AND_ID = "name and id"
    ID = "id alone"
    STATION = "calling station alone"


_STEPS: dict[Step, Callable[[Identity], Identity]] = {
    Step.FULL: lambda known: known._replace(calling_station_id=None),
    Step.NAME_AND_ID: lambda known: Identity(known.username, known.session_id),
    Step.ID: lambda known: Identity(session_id=known.session_id),
    Step.STATION: lambda known: Identity(calling_station_id=known.calling_station_id),
}


def identity_at(step: Step, known: Identity) -> Identity:
    """What is sent of what is known of the session."""
    return _STEPS[step](known)


def steps(known: Identity, *, is_only_session: bool) -> Iterator[Step]:
    """The steps that differ for this session, the first first.

    By its station alone a session is named only where no other of the same station can be meant: a request must not
    hit a newer session.
    """
    said: list[Identity] = []
    for step in Step:
        named = identity_at(step, known)
        if not any(named) or named in said or (step is Step.STATION and not is_only_session):
            continue
        said.append(named)
        yield step


def next_step(step: Step, cause: int | None, known: Identity, *, is_only_session: bool) -> Step | None:
    """Where a refusal leads; None: naming the session otherwise cannot help.

    401 is about an attribute: the address, if it was sent, else what the CoA wants changed. 503, and a refusal without
    a cause, are about the session. 406 is said of both by RouterOS, to which only the first step makes sense.
    """
    later = [other for other in steps(known, is_only_session=is_only_session) if _rank(other) > _rank(step)]
    if not later:
        return None
    if cause == UNSUPPORTED_ATTRIBUTE:
        return later[0] if step is Step.FULL and later[0] is Step.NAME_AND_ID else None
    if cause in (UNKNOWN_SESSION, None):
        narrower = [other for other in later if other is not Step.NAME_AND_ID]
        return narrower[0] if narrower else None
    return None


def is_about_the_session(cause: int | None, *, device_has_obeyed: bool) -> bool:
    """Does the refusal say that there is no such session? 406 does where the device has obeyed the like before."""
    return cause in (UNKNOWN_SESSION, None) or (cause == UNSUPPORTED_EXTENSION and device_has_obeyed)


def pause_after(attempts: int) -> float:
    """Seconds until the next attempt, after so many."""
    return _PAUSES[min(attempts, len(_PAUSES)) - 1] if attempts > 0 else 0.0


def _rank(step: Step) -> int:
    return list(Step).index(step)
