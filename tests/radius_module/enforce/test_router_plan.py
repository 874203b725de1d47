"""What is to change on a router, what stands in the way, and what goes back: from states of the persona."""

from __future__ import annotations

import pytest

from models.network import router_setup
from radius_module.enforce.router import values
from radius_module.enforce.router.look import AAA, INCOMING, PROFILES, RADIUS, RouterState, look
from radius_module.enforce.router.setup import wanted
from radius_module.enforce.router.setup.wanted import Wish
from radius_module.enforce.routeros import Router
from tests.radius_client.routeros_menus import Menus

SECRET = "pa$word"


@pytest.fixture
def menus() -> Menus:
    menus = Menus()
    menus.put("/interface/pppoe-server/server", service_name="internet", disabled="false")
    menus.put("/ip/hotspot/profile", name="hsprof1", use_radius="false", radius_accounting="true",
              radius_interim_update="received", login_by="http-chap")  # fmt: skip
    menus.put("/ip/hotspot", name="hotspot1", profile="hsprof1", disabled="false")
    return menus


def wish(*services: str) -> Wish:
    chosen = services or ("ppp", "hotspot")
    client = router_setup.client(7, chosen, "203.0.113.10", 1812, 1813, "198.51.100.7")
    return Wish(chosen, client, SECRET, 3799)


def apply(router: Router, changes: list[wanted.Change]) -> None:
    for change in changes:
        if change.action == "add":
            router.add(change.path, change.after)
        elif change.action == "set":
            router.set(change.path, change.row_id, change.after)
        else:
            router.remove(change.path, change.row_id or "")


def test_a_fresh_router_is_told_everything_once(router: Router, menus: Menus) -> None:
    planned = wanted.plan(look(router), wish())
    assert [(change.path, change.action, change.name) for change in planned.changes] == [
        (RADIUS, "add", ""), (INCOMING, "set", ""), (AAA, "set", ""), (PROFILES, "set", "hsprof1"),
    ]  # fmt: skip
    apply(router, planned.changes)
    entry = menus.tables["/radius"][0]
    assert (entry["secret"], entry["service"], entry["src-address"]) == (SECRET, "ppp,hotspot", "198.51.100.7")
    assert menus.settings["/radius/incoming"] == {"accept": "true", "port": "3799", "vrf": "main"}
    assert wanted.plan(look(router), wish()).changes == []


def test_what_the_router_writes_otherwise_is_no_difference(router: Router, menus: Menus) -> None:
    apply(router, wanted.plan(look(router), wish()).changes)
    menus.tables["/radius"][0] |= {"service": "hotspot,ppp", "timeout": "1s100ms", "disabled": "false"}
    menus.settings["/ppp/aaa"]["interim-update"] = "00:05:00"
    assert wanted.plan(look(router), wish()).changes == []


def test_a_changed_secret_alone_is_one_change_that_does_not_show_it(router: Router, menus: Menus) -> None:
    apply(router, wanted.plan(look(router), wish()).changes)
    menus.tables["/radius"][0]["secret"] = "old-secret"
    (change,) = wanted.plan(look(router), wish()).changes
    assert change.shown() == {"path": RADIUS, "action": "set", "before": {"secret": "***"}, "after": {"secret": "***"}}
    del menus.tables["/radius"][0]["secret"]
    assert wanted.plan(look(router), wish()).changes == [], "what is not shown cannot be compared"


def test_a_row_of_ours_too_many_goes(router: Router, menus: Menus) -> None:
    apply(router, wanted.plan(look(router), wish()).changes)
    menus.put("/radius", service="ppp", address="203.0.113.9", comment="infora device 3", secret="x")
    assert [change.action for change in wanted.plan(look(router), wish()).changes] == ["remove"]


@pytest.mark.parametrize(("row", "expected"), [
    ({"service": "hotspot", "address": "192.0.2.1", "comment": "User Manager"}, 1),
    ({"service": "hotspot", "address": "192.0.2.1", "disabled": "true"}, 0),
    ({"service": "wireless,dhcp", "address": "192.0.2.1"}, 0),
    ({"service": "ppp", "address": "192.0.2.1", "comment": "infora device 7"}, 0),
])  # fmt: skip
def test_a_foreign_server_for_the_same_service_is_in_the_way(
    router: Router, menus: Menus, row: dict[str, str], expected: int
) -> None:
    menus.put("/radius", **row)
    conflicts = wanted.plan(look(router), wish()).conflicts
    assert len(conflicts) == expected
    assert all("192.0.2.1" in text for text in conflicts)


def test_requests_that_somebody_else_listens_to_are_in_the_way(router: Router, menus: Menus) -> None:
    menus.settings["/radius/incoming"] |= {"accept": "true", "port": "1700"}
    assert wanted.plan(look(router), wish()).conflicts == [], "it may have been the operator"
    menus.put("/radius", service="wireless", address="192.0.2.1")
    assert "1700" in wanted.plan(look(router), wish()).conflicts[0]


def test_undo_leads_back_to_what_was_found(router: Router, menus: Menus) -> None:
    menus.settings["/ppp/aaa"]["interim-update"] = "10m"
    menus.put("/radius", service="wireless", address="192.0.2.1", secret="theirs")
    before = look(router)
    planned = wanted.plan(before, wish())
    apply(router, planned.changes)
    assert look(router) != before
    remembered = wanted.befores(planned.changes)
    assert "secret" not in str(remembered), "it is stored in clear"
    apply(router, wanted.undo(look(router), remembered))
    assert look(router) == before


def test_only_what_was_asked_for_is_touched_and_what_is_missing_is_said(router: Router, menus: Menus) -> None:
    menus.tables["/ip/hotspot"].clear()
    planned = wanted.plan(look(router), wish("hotspot"))
    assert {change.path for change in planned.changes} == {RADIUS, INCOMING}
    assert planned.notes == ["The router has no HotSpot server that is enabled: `/ip hotspot setup` makes one."]
    assert menus.changes == [], "a plan changes nothing"


def test_local_users_are_neither_made_nor_asked_first() -> None:
    written = {*router_setup.PPP_AAA, *router_setup.HOTSPOT_PROFILE}
    assert written == {"use-radius", "accounting", "interim-update", "radius-accounting", "radius-interim-update"}
    assert router_setup.PPP_AAA["use-radius"] == router_setup.HOTSPOT_PROFILE["use-radius"] == "yes"


@pytest.mark.parametrize(("text", "seconds"), [
    ("1100ms", 1.1), ("1s100ms", 1.1), ("5m", 300), ("00:05:00", 300), ("300", 300), ("1w1d1h1m1s", 694861), ("0s", 0),
    ("1d02:03:04", 93784), ("received", None), ("", None), ("5x", None), ("\u0665", None),
])  # fmt: skip
def test_durations_in_any_notation(text: str, seconds: float | None) -> None:
    assert values.seconds(text) == seconds


@pytest.mark.parametrize(("date", "offset"), [
    ("2026-11-28", "+00:00"), ("nov/28/2026", "+00:00"), ("2026-11-28", "+02:30"), ("2026-11-27", "-04:00"),
])  # fmt: skip
def test_the_clock_in_any_notation(date: str, offset: str) -> None:
    clock = {"+00:00": "03:00:00", "+02:30": "05:30:00", "-04:00": "23:00:00"}[offset]
    assert values.epoch(date, clock, offset) == 1795834800.0
    assert values.epoch("yesterday", clock, offset) is None


def test_a_menu_that_a_version_lacks_is_no_failure(router: Router, menus: Menus) -> None:
    menus.lack("/system/device-mode")
    state: RouterState = look(router)
    assert state.menus["/system/device-mode"] is None and state.identity == "Tower"
    assert values.version(state.version) == (7, 16)
