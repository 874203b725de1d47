"""What is to be read anew and is too much to be read at once: ids by topic, a slice at a time, beside logins.

First what is known to have changed, then what may have: one statement that changes more than a few hundred
customers says of which tenant they are, and not who. Marks (radius_module.directory.sync_marks) wait for the former.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice

from radius_module.directory.readers import News
from radius_module.directory.sync_marks import TOPIC as MARKS

#: So many ids are read in one go: a few milliseconds of the interpreter, which logins share.
SLICE = 500
#: In this order: plans before the customers on them.
_TOPICS = ("isps", "devices", "plans", "customers")


class Backlog:
    """Ids that wait."""

    def __init__(self) -> None:
        self._changed: dict[str, dict[int, None]] = {topic: {} for topic in _TOPICS}
        self._doubtful: dict[str, dict[int, None]] = {topic: {} for topic in _TOPICS}
        self._marks: set[int] = set()

    @property
    def is_urgent(self) -> bool:
        """Is there something that is known to have changed?"""
        return any(self._changed.values())

    @property
    def is_empty(self) -> bool:
        return not self.is_urgent and not any(self._doubtful.values())

    def add(self, topic: str, changed: Iterable[int], doubtful: Collection[int] = ()) -> None:
        """The ones that changed, and the ones of which it is not known."""
        changed = dict.fromkeys(changed)
        self._doubtful[topic] |= dict.fromkeys(doubtful)
        for number in changed:
            self._doubtful[topic].pop(number, None)
        self._changed[topic] |= changed

    def now(self, news: News) -> News:
        """What of the news is to be read now: all, unless it is much, or older news waits."""
        customers = news.pop("customers", set()) | news.pop("usage", set()) | news.pop("sessions", set())
        if customers:
            news["customers"] = customers
        if sum(len(news.get(topic, ())) for topic in _TOPICS) > SLICE:
            for topic in _TOPICS:
                self.add(topic, news.pop(topic, ()))
        if self.is_urgent and MARKS in news:
            self._marks |= news.pop(MARKS)
        return news

    def slice(self) -> News:
        """The next ids, which wait no longer; marks, when all that they were made for is read."""
        waiting = self._changed if self.is_urgent else self._doubtful
        news: News = {}
        for topic, ids in waiting.items():
            if ids:
                news[topic] = set(islice(ids, SLICE))
                for number in news[topic]:
                    del ids[number]
                break
        if not self.is_urgent and self._marks:
            news[MARKS], self._marks = self._marks, set()
        return news
