"""The only importer of `radiusd`, and the guard around every hook.

A hook that raises would be an Access-Reject without a word, or unexplained silence: the guard logs why and answers with
the code that is right for its section. FreeRADIUS takes exact ints only, no subclasses.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from typing import Any

REJECT, FAIL, OK, HANDLED, INVALID, USERLOCK, NOTFOUND, NOOP, UPDATED = range(9)
_L_INFO, _L_ERR, _L_WARN = 3, 4, 5

Pairs = tuple[tuple[str, str], ...]
Values = tuple[tuple[str, str, str], ...]
#: A code and attributes by list.
Lists = tuple[int, Mapping[str, Values]]
#: What a hook returns; a code, reply and config are cheaper for FreeRADIUS than lists by name.
Answer = int | Lists | tuple[int, Values, Values]
Hook = Callable[[Pairs], Answer]

#: Silence: the device asks its other server, or again. Better than a refusal that the customer did not cause.
NO_ANSWER: Answer = HANDLED
#: Seconds between two lines of the log about requests that were not verified: who sends them must not fill the disk.
_BETWEEN_LINES = 1.0

log = logging.getLogger("radius_module")


class _ToFreeradius(logging.Handler):
    """Our log lines in FreeRADIUS' own log; on standard error outside FreeRADIUS (tests)."""

    def __init__(self) -> None:
        super().__init__()
        try:
            import radiusd  # type: ignore[import-not-found]  # exists only inside FreeRADIUS

            self._radlog: Callable[[int, str], Any] | None = radiusd.radlog
        except ImportError:
            self._radlog = None

    def emit(self, record: logging.LogRecord) -> None:
        level = _L_ERR if record.levelno >= logging.ERROR else _L_WARN if record.levelno >= logging.WARNING else _L_INFO
        line = self.format(record).replace("\n", " | ").replace("\0", "\\0")
        if self._radlog is None:
            logging.lastResort.emit(record) if logging.lastResort else None
        else:
            self._radlog(level, line.encode("utf-8", "backslashreplace").decode())


def log_to_freeradius(level: str) -> None:
    """Send everything that the project logs where FreeRADIUS logs."""
    root = logging.getLogger()
    root.handlers = [_ToFreeradius()]
    root.setLevel(level.upper())


class Unverified:
    """Requests that FreeRADIUS could not verify or decode: it hands them over all the same, without any attribute.

    A synchronous listener does not look at what its decoder says, and logs nothing.
    """

    def __init__(self) -> None:
        self._logged = float("-inf")

    def dropped(self, client: str, now: float) -> Answer:
        """No answer. `client` is the short name, `now` a moment in seconds."""
        if abs(now - self._logged) >= _BETWEEN_LINES:
            self._logged = now
            log.warning("dropping a packet of %s: invalid Message-Authenticator or Request Authenticator!  "
                        "(Shared secret is incorrect.)  Or its attributes cannot be read", client)  # fmt: skip
        return NO_ANSWER


def guarded(on_error: Answer) -> Callable[[Hook], Hook]:
    """Decorator of a hook: whatever goes wrong in it is logged, and answered with `on_error`."""

    def decorate(hook: Hook) -> Hook:
        @functools.wraps(hook)
        def guard(pairs: Pairs) -> Answer:
            try:
                return hook(pairs)
            except Exception:
                log.exception("%s failed", hook.__name__)
                return on_error

        return guard

    return decorate
