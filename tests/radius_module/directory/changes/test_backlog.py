"""What waits to be read: in slices, what is known to have changed first, and marks behind it."""

from __future__ import annotations

from radius_module.directory.changes.backlog import SLICE, Backlog
from radius_module.directory.readers import News

MANY = set(range(1, 2 * SLICE + 2))


def read_off(backlog: Backlog) -> list[News]:
    """Slice after slice."""
    slices = []
    while not backlog.is_empty:
        slices.append(backlog.slice())
    return slices


def test_little_is_read_at_once_with_its_marks() -> None:
    backlog = Backlog()
    news = backlog.now({"customers": {1}, "usage": {2}, "sessions": {3}, "plans": {4}, "marks": {99}})
    assert news == {"customers": {1, 2, 3}, "plans": {4}, "marks": {99}}
    assert backlog.is_empty
    assert backlog.slice() == {}


def test_much_is_read_in_slices_and_the_marks_come_with_the_last() -> None:
    backlog = Backlog()
    assert backlog.now({"customers": set(MANY), "plans": {1}, "marks": {99}}) == {}
    slices = read_off(backlog)
    assert [list(news) for news in slices] == [["plans"], ["customers"], ["customers"], ["customers", "marks"]]
    assert all(len(ids) <= SLICE for news in slices for ids in news.values())
    assert set().union(*(news.get("customers", ()) for news in slices)) == MANY
    assert slices[-1]["marks"] == {99}


def test_a_change_while_much_waits_is_read_at_once_and_its_mark_when_all_before_it_is() -> None:
    backlog = Backlog()
    backlog.now({"customers": set(MANY)})
    assert backlog.now({"customers": {7}, "marks": {5}}) == {"customers": {7}}
    assert [news.get("marks") for news in read_off(backlog)] == [None, None, {5}]


def test_what_is_in_doubt_is_read_last_and_no_mark_waits_for_it() -> None:
    backlog = Backlog()
    backlog.add("customers", {1, 2}, {2, 3, 4})
    assert backlog.is_urgent
    assert backlog.slice() == {"customers": {1, 2}}
    assert not backlog.is_urgent
    assert backlog.now({"customers": {9}, "marks": {5}}) == {"customers": {9}, "marks": {5}}
    assert backlog.slice() == {"customers": {3, 4}}
    assert backlog.is_empty
