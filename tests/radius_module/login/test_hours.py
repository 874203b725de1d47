"""A login in the hours of its plan: the short way grants what the long way does, up to the boundary and from it on."""

from __future__ import annotations

import pytest

from radius_module.login import fast_path, login
from radius_module.rlm import OK
from tests.support.facts_made import ISP, MAC, NOW, PLAN
from tests.support.login_world import ADDRESS, World, lists

#: From 12:01 to 13:00; it is 12:00.
FREE_AND_FAST = (721, 780, 127, "5M/50M", False)
BOUNDARY, END = NOW + 60, NOW + 3600


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    for module in (fast_path, login):
        monkeypatch.setattr(module, "make_class", lambda *_: b"class")
    world = World()
    world.change("plan", {"windows": (FREE_AND_FAST,), "data_limit": 1000})
    return world


def granted(world: World, now: float) -> tuple[str | None, str | None]:
    """(rate, allowance) of a login, the same on every way."""
    short, long = (lists(server.log_in(MAC, ADDRESS, now)) for server in (world.short, world.long))
    assert short == long
    code, reply, _config = short
    values = {name: value for name, _op, value in reply} if code == OK else {}
    return values.get("Mikrotik-Rate-Limit"), values.get("Mikrotik-Total-Limit")


def test_a_kept_grant_ends_at_the_boundary(world: World) -> None:
    assert granted(world, NOW) == granted(world, BOUNDARY - 0.001) == (PLAN.rate, "1000")
    assert granted(world, BOUNDARY) == granted(world, END - 0.001) == ("5M/50M", None)
    assert granted(world, END) == (PLAN.rate, "1000")
    assert world.short.short_ways == 5, "each of them the short way"


def test_the_boundary_is_on_the_tenants_clock(world: World) -> None:
    world.change("isp", ISP._replace(timezone="Asia/Kolkata")._asdict())
    assert granted(world, BOUNDARY) == (PLAN.rate, "1000"), "17:31 there"


def test_who_has_used_up_what_counts_gets_in_while_nothing_counts(world: World) -> None:
    world.use(1000, [])
    assert granted(world, BOUNDARY - 1) == (None, None)
    assert granted(world, BOUNDARY) == ("5M/50M", None)
    assert granted(world, END) == (None, None)
    assert world.short.recorded[-1].code == "quota_exceeded"


def test_a_clock_that_is_put_back_over_the_boundary_takes_the_grant_along(world: World) -> None:
    assert granted(world, BOUNDARY) == ("5M/50M", None)
    assert granted(world, BOUNDARY - 1) == (PLAN.rate, "1000")
