"""Waiting for a part to answer: gives up early, with the end of the part's log, when it keeps dying."""

import time
from collections.abc import Callable
from typing import TypeVar

from service.errors import Refusal
from service.host.settings import Settings
from service.parts import Part
from service.s6 import services, supervisor

T = TypeVar("T")
_PAUSE = 0.05
_DEATHS = 3
#: Of PostgreSQL: crash recovery can take minutes.
_SECONDS = {"postgres": 300.0}


def patience(part: Part) -> float:
    """For how many seconds a part's first answer is waited."""
    return _SECONDS.get(part.name, 60.0)


def until(settings: Settings, part: Part, answers: Callable[[], T | None], seconds: float) -> T:
    """The first answer that is not None. Raises Refusal with the tail of the part's log."""
    deadline = time.monotonic() + seconds
    before = _deaths(settings, part)  # it may have died while it waited for the database
    while (answer := answers()) is None:
        if _deaths(settings, part) - before >= _DEATHS:
            raise failure(settings, part, "does not stay up")
        if time.monotonic() > deadline:
            raise failure(settings, part, f"did not answer within {seconds:.0f} seconds")
        time.sleep(_PAUSE)
    return answer


def _deaths(settings: Settings, part: Part) -> int:
    state = services.state(settings, part)
    return 0 if state is None else state.deaths


def failure(settings: Settings, part: Part, what: str) -> Refusal:
    tail = "\n".join("  " + line for line in supervisor.log_tail(settings, part.name))
    log = settings.state_dir / "log" / part.name / "current"
    return Refusal(f"{part.name} {what}; the end of {log}:\n{tail}")
