"""The worker looks at the clock: at each boundary of a plan's hours, open sessions get what holds from then on.

It waits for the next boundary itself, not for somebody who happens to look. After one it looks again for as long as a
login may take to become a session, and after a start at the last one of each plan.
"""

from __future__ import annotations

from sqlalchemy import Connection

from models.network.requests import time_of_day
from models.network.requests.fan_out import WATCHED_SECONDS

#: Seconds between two looks after a boundary, and the longest rest: plans may change without our hearing of it.
_AGAIN, _LONGEST = 1.0, 60.0


class Hours:
    """Which boundaries were seen to; what it forgets it finds in the outbox."""

    def __init__(self) -> None:
        self._seen: dict[int, float] = {}

    def look(self, connection: Connection) -> float:
        """Ask for what has changed; seconds until the next look."""
        wait, plans = _LONGEST, time_of_day.plans_with_hours(connection)
        for plan in plans:
            boundary = plan.table.last_change(plan.now)
            if boundary is not None:
                is_fresh, again = plan.now - boundary < WATCHED_SECONDS, self._seen.get(plan.id) == boundary
                if is_fresh or not again:
                    time_of_day.ask(connection, plan, boundary, again=again)
                self._seen[plan.id] = boundary
                wait = min(wait, _AGAIN) if is_fresh else wait
            following = plan.table.next_change(plan.now)
            wait = wait if following is None else min(wait, following - plan.now)
        self._seen = {plan.id: self._seen[plan.id] for plan in plans if plan.id in self._seen}
        return wait
