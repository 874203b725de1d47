"""The logins of the last seconds and their answers: a packet that is sent again gets the same one.

A router that has heard nothing sends the very same packet (RFC 5080 section 2.2.2). Were it decided anew, the customer
would stand in his own way, a guess would count twice and every login be written down as often as it was sent.
FreeRADIUS does not look (`skip_duplicate_checks`): it does not know what the hook has sent by itself.
"""

from __future__ import annotations

from collections import deque

from radius_module.rlm import NO_ANSWER, Answer

#: Seconds: routers give up after three times 1.1 (FACTS 2), or after 5 (RFC 5080).
KEPT_SECONDS = 5.0
#: About 600 octets each.
MOST = 150_000

#: The packet that was sent, or what FreeRADIUS was told to send.
Given = bytes | Answer


class Duplicates:
    """Answers by the line of the request (packet.py), in which its sender, identifier and authenticator stand."""

    def __init__(self) -> None:
        #: Line → when it was asked, when the answer leaves, until when it is known, the answer.
        self._given: dict[str, tuple[float, float, float, Given]] = {}
        #: In the order of their time.
        self._lines: deque[str] = deque()

    def keep(self, line: str, given: Given, now: float, due: float = 0.0) -> None:
        """Remember an answer that leaves when it is `due`, and forget some whose time has passed."""
        known, lines = self._given, self._lines
        if line not in known:
            lines.append(line)
        known[line] = now, due, max(now, due) + KEPT_SECONDS, given
        # Two at a time: no login has to wait until thousands are forgotten.
        for _ in range(2):
            asked, _due, until, _given = known[lines[0]]
            if asked <= now < until and len(lines) <= MOST:
                break
            del known[lines.popleft()]

    def find(self, line: str, now: float) -> Given | None:
        """What the same packet was answered; while that waits, nothing else is said."""
        known = self._given.get(line)
        if known is None:
            return None
        asked, due, until, given = known
        if not asked <= now < until:
            return None
        return NO_ANSWER if now < due else given

    def __len__(self) -> int:
        return len(self._given)
