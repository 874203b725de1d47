"""The logins of the last seconds and their answers: a packet that is sent again gets the same one.

A device that has heard nothing sends the very same packet again (RFC 5080 section 2.2.2). Deciding it anew would let
the customer's own slot stand in their way, count a guess twice, and record a login as often as it was sent. FreeRADIUS
does not look (`skip_duplicate_checks`): it does not know what the hook has sent by itself.
"""

from __future__ import annotations

from collections import deque

from radius_module.rlm import NO_ANSWER, Answer

#: Seconds: RouterOS gives up after three times 1.1, others after 5 (RFC 5080 section 2.2.1).
KEPT_SECONDS = 5.0
#: About 600 octets each.
MOST = 150_000

#: The packet that was sent, or what FreeRADIUS was asked to send.
Given = bytes | Answer


class Duplicates:
    """Answers by the line of the request (packets/access_request.py), which holds sender, identifier, authenticator."""

    def __init__(self) -> None:
        #: Line → when it came, when the answer leaves, the answer.
        self._given: dict[str, tuple[float, float, Given]] = {}
        #: In the order of their time.
        self._lines: deque[str] = deque()

    def remember(self, line: str, given: Given, now: float, due: float = 0.0) -> None:
        """Remember an answer that leaves when it is `due`, and forget some whose time has passed."""
        known, lines = self._given, self._lines
        if line not in known:
            lines.append(line)
        known[line] = now, due, given
        # Two at a time: no login has to wait while thousands are forgotten.
        for _ in range(2):
            came, due, _given = known[lines[0]]
            if _is_known(came, due, now) and len(lines) <= MOST:
                break
            del known[lines.popleft()]

    def find(self, line: str, now: float) -> Given | None:
        """The answer to the same packet; while that waits to leave, there is no other."""
        known = self._given.get(line)
        if known is None:
            return None
        came, due, given = known
        if not _is_known(came, due, now):
            return None
        return NO_ANSWER if now < due else given

    def __len__(self) -> int:
        return len(self._given)


def _is_known(came: float, due: float, now: float) -> bool:
    return came <= now < (due if due > came else came) + KEPT_SECONDS
