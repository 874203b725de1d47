"""A request on its way through the worker, and what its device's answer makes of it. Pure but for what it is told."""

from __future__ import annotations

import re
from typing import NamedTuple

from models.network.abilities import Seen
from models.network.requests.claims import Claimed, OpenSession
from models.network.requests.outcomes import Written
from radius_module.enforce.coa import COA, DISCONNECT, Identity
from radius_module.enforce.judge.decision import NOT_WORTH_A_CUT, Send
from radius_module.enforce.wire import ladder
from radius_module.enforce.wire.ladder import Step
from radius_module.enforce.wire.line import Outcome

_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")
#: Refusals of a CoA that are about what it asks for.
_CANNOT = (ladder.UNSUPPORTED_ATTRIBUTE, ladder.INVALID_REQUEST, ladder.UNSUPPORTED_EXTENSION, ladder.INVALID_VALUE)


class Flight(NamedTuple):
    """A claimed request, its session and what is sent of it."""

    request: Claimed
    session: OpenSession
    send: Send
    step: Step
    service_name: str
    #: The device has obeyed a request of this kind before.
    has_obeyed: bool
    #: Monotonic seconds.
    taken_at: float

    @property
    def identity(self) -> Identity:
        """All that is known of the session."""
        return identity_of(self.session)


class Result(NamedTuple):
    """What is written down of an outcome. `needs_disconnect`: the ladder's next rung."""

    written: Written
    #: None where nothing was asked of it.
    seen: Seen | None
    needs_disconnect: bool = False


def identity_of(session: OpenSession) -> Identity:
    """As the device last reported it. IPv6 has no place in Framed-IP-Address."""
    framed = session.framed_address
    return Identity(
        username=_octets(session.username),
        session_id=_octets(session.session_id),
        framed_address=None if framed is None or ":" in framed else framed,
        calling_station_id=_octets(session.calling_station_id),
    )


def first_step(request: Claimed, identity: Identity, known: str | None, *, is_only_session: bool) -> Step:
    """Where the request got to, or how this device recognises sessions, as far as that is as safe as the first step."""
    possible = list(ladder.steps(identity, is_only_session=is_only_session))
    for wanted in (request.step, known if known == Step.NAME_AND_ID else None):
        if wanted in possible:
            return Step(wanted)
    return possible[0]


def result(flight: Flight, outcome: Outcome) -> Result:
    """The request's new state, and what it teaches about the device."""
    if outcome.answer is None:
        return _unanswered(flight, "bad_reply" if outcome.was_false else "no_answer")
    if outcome.answer.acknowledged:
        return _acknowledged(flight)
    return _refused(flight, outcome.answer.cause)


def _unanswered(flight: Flight, error: str) -> Result:
    attempts = flight.request.attempts
    return Result(
        _written(flight, "pending", error=error, next_in=ladder.pause_after(attempts)),
        _seen(flight)._replace(unanswered=1),
    )


def _acknowledged(flight: Flight) -> Result:
    seen = _seen(flight)._replace(acknowledged=1, step=flight.step)
    if flight.send.kind == COA:
        seen = seen._replace(coa=True)
    else:
        # Had it been the session that a CoA's 406 was about, this would have been refused as well.
        was_refused = flight.request.payload.get("instead_of") == str(ladder.UNSUPPORTED_EXTENSION)
        seen = seen._replace(disconnect=True, coa=False if was_refused else None)
    return Result(_written(flight, "sent"), seen)


def _refused(flight: Flight, cause: int | None) -> Result:
    seen = _seen(flight)._replace(refused=1, error_cause=cause)
    step = ladder.next_step(flight.step, cause, flight.identity, is_only_session=flight.session.is_only_session)
    if step is not None:
        return Result(_written(flight, "pending", error="nak", cause=cause, step=step, next_in=0.0), seen)
    if cause == ladder.RESOURCES:
        pause = ladder.pause_after(flight.request.attempts)
        return Result(_written(flight, "pending", error="nak", cause=cause, next_in=pause), seen)
    if ladder.is_about_the_session(cause, device_has_obeyed=flight.has_obeyed):
        # Its Stop may be on its way; what accounting says then makes this request done.
        unknown = _written(flight, "pending", error="session_unknown", cause=cause, next_in=ladder.SETTLING)
        return Result(unknown._replace(payload={"unknown": True}), seen)
    failed = _written(flight, "failed", error="nak", cause=cause)
    if flight.send.kind == DISCONNECT:
        return Result(failed, seen)
    is_clear = cause in _CANNOT and cause != ladder.UNSUPPORTED_EXTENSION
    return Result(
        failed, seen._replace(coa=False) if is_clear else seen,
        needs_disconnect=flight.request.reason not in NOT_WORTH_A_CUT,
    )  # fmt: skip


def _written(
    flight: Flight, status: str, *, error: str | None = None, cause: int | None = None, step: Step | None = None,
    next_in: float | None = None,
) -> Written:  # fmt: skip
    return Written(
        flight.request.isp_id, flight.request.id, flight.send.kind, status, error, cause, step or flight.step,
        flight.session.nas_address, next_in, flight.send.evidence,
    )  # fmt: skip


def _seen(flight: Flight) -> Seen:
    return Seen(flight.request.isp_id, flight.request.device_id, flight.service_name)


def _octets(text: str | None) -> bytes | None:
    """The octets of a text of the books, in which those that are no text stand as `\\xNN`."""
    if not text:
        return None
    return _ESCAPED.sub(lambda match: bytes.fromhex(match[1].decode()), text.encode())
