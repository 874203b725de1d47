"""A login that begins the first period: judged at once by that period's end, before the books know of it."""

from __future__ import annotations

import pytest

from radius_module.login import fast_path, login
from tests.support.facts_made import MAC, NOW
from tests.support.login_world import ADDRESS, Server, World, lists

DAY = 86_400.0
BEYOND = 29_348_006_400.0


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    for module in (fast_path, login):
        monkeypatch.setattr(module, "make_class", lambda *_: b"class")
    world = World()
    world.change("plan", {"validity": (2, None)})
    world.change("customer", {"not_started": True, "expires_at": BEYOND})
    return world


def timeout(server: Server, now: float) -> int | str:
    """Session-Timeout of a login, or the code of its refusal."""
    _code, reply, _config = lists(server.log_in(MAC, ADDRESS, now))
    values = {name: value for name, _op, value in reply}
    return int(values["Session-Timeout"]) if "Session-Timeout" in values else server.recorded[-1].code


def test_the_first_session_ends_with_the_period_that_it_begins(world: World) -> None:
    for server in (world.short, world.long):
        assert timeout(server, NOW) == 2 * DAY


def test_while_the_books_say_nothing_the_period_goes_on_from_the_first_login(world: World) -> None:
    assert timeout(world.short, NOW) == 2 * DAY
    assert timeout(world.short, NOW + DAY) == DAY
    assert timeout(world.short, NOW + 2 * DAY) == "expired"
    assert world.short.short_ways == 0


def test_once_the_books_have_it_logins_take_the_short_way(world: World) -> None:
    timeout(world.short, NOW)
    world.change("customer", {"not_started": False, "expires_at": NOW + 2 * DAY})
    assert timeout(world.short, NOW + DAY) == DAY
    assert world.short.short_ways == 1


def test_months_are_those_of_the_tenants_calendar(world: World) -> None:
    world.change("isp", {"timezone": "Europe/Berlin"})
    world.change("plan", {"validity": (None, 1)})
    assert timeout(world.short, NOW) == 31 * DAY - 3600, "10 March to 10 April: the clock is put forward"
