"""Each finding from a router that has what it is about, none from one that is set up, and a cure beside each."""

from __future__ import annotations

import time
from typing import Any

import pytest

from models.network.router_access import Unstarted
from radius_module.enforce.router.findings import Finding, Known, findings, local_names
from radius_module.enforce.router.look import RouterState

WELL: dict[str, list[dict[str, str]]] = {
    "/system/identity": [{"name": "Tower"}],
    "/system/resource": [{"version": "7.16.2 (stable)", "board-name": "hAP"}],
    "/radius": [{".id": "*1", "service": "ppp,hotspot", "address": "203.0.113.10", "secret": "x", "timeout": "1s100ms",
                 "comment": "infora device 7", "disabled": "false"}],
    "/radius/incoming": [{"accept": "true", "port": "3799"}],
    "/ppp/aaa": [{"use-radius": "true", "accounting": "true", "interim-update": "5m"}],
    "/ip/hotspot": [{"name": "hotspot1", "profile": "hsprof1", "disabled": "false"}],
    "/ip/hotspot/profile": [{"name": "hsprof1", "use-radius": "true", "radius-accounting": "true",
                             "radius-interim-update": "received"}],
    "/ip/hotspot/user/profile": [{"name": "default", "address-pool": "hs-pool"}],
    "/interface/pppoe-server/server": [{"service-name": "internet", "disabled": "false"}],
    "/ip/pool": [{"name": "hs-pool"}],
    "/system/device-mode": [{"mode": "home", "hotspot": "yes"}],
}  # fmt: skip


def state(*, fasttrack: bool = False, **changes: Any) -> RouterState:
    """`ppp_aaa={"use-radius": "no"}` changes the first row of `/ppp/aaa`; a list replaces the rows."""
    now = time.gmtime()
    clock = {"date": time.strftime("%Y-%m-%d", now), "time": time.strftime("%H:%M:%S", now), "gmt-offset": "+00:00"}
    menus: dict[str, Any] = {menu: [dict(row) for row in rows] for menu, rows in WELL.items()}
    menus["/system/clock"] = [clock]
    names = {menu.strip("/").replace("/", "_").replace("-", "_"): menu for menu in
             (*menus, "/ppp/secret", "/ip/hotspot/user")}  # fmt: skip
    for name, change in changes.items():
        menu = names[name]
        menus[menu] = change if isinstance(change, list) else [menus[menu][0] | change]
    return RouterState(menus, fasttrack)


def seen(router: RouterState, **known: Any) -> list[Finding]:
    return findings(router, Known(time.time(), 3799, **known))


def test_a_router_that_is_set_up_has_no_findings() -> None:
    assert seen(state()) == []


@pytest.mark.parametrize(("code", "severity", "changes"), [
    ("radius_incoming_off", "error", {"radius_incoming": {"accept": "false"}}),
    ("radius_incoming_port", "error", {"radius_incoming": {"port": "1700"}}),
    ("fasttrack", "warning", {"fasttrack": True}),
    ("hotspot_profile_pool", "error", {"ip_pool": []}),
    ("device_mode", "error", {"system_device_mode": {"hotspot": "no"}}),
    ("interim_off", "error", {"ppp_aaa": {"interim-update": "0s"}}),
    ("interim_off", "error", {"ppp_aaa": {"accounting": "false"}}),
    ("interim_off", "error", {"ip_hotspot_profile": {"radius-accounting": "false"}}),
    ("interim_off", "error", {"ip_hotspot_profile": {"radius-interim-update": "0s"}}),
    ("radius_unused", "error", {"ppp_aaa": {"use-radius": "false"}}),
    ("radius_unused", "error", {"ip_hotspot_profile": {"use-radius": "false"}}),
    ("radius_missing", "error", {"radius": {"service": "hotspot"}}),
    ("timeout_short", "warning", {"radius": {"timeout": "300ms"}}),
    ("secret_hidden", "warning", {"radius": {"secret": ""}}),
    ("clock_wrong", "warning", {"system_clock": {"date": "1970-01-02"}}),
    ("clock_wrong", "warning", {"system_clock": {"date": "jan/02/1970"}}),
    ("version_old", "warning", {"system_resource": {"version": "6.49.18 (long-term)"}}),
    ("version_old", "warning", {"system_resource": {"version": "7.14.3"}}),
    ("local_user_wins", "warning", {"ppp_secret": [{"name": "admin"}]}),
])  # fmt: skip
def test_each_fault_is_found_alone_and_with_a_cure(code: str, severity: str, changes: dict[str, Any]) -> None:
    (finding,) = seen(state(**changes))
    assert (finding.code, finding.severity) == (code, severity)
    assert finding.cure and finding.text.endswith(".")


def test_what_is_disabled_or_unused_is_no_fault() -> None:
    assert seen(state(ip_hotspot=[], ppp_secret=[{"name": "x", "disabled": "true"}], ip_pool=[],
                      system_resource={"version": "7.15"})) == []  # fmt: skip
    assert seen(state(interface_pppoe_server_server=[], ppp_aaa={"use-radius": "false", "interim-update": "0s"})) == []
    assert seen(state(ip_hotspot_user_profile={"address-pool": "none"}, ip_pool=[])) == []
    assert seen(state(system_device_mode=[])) == []


def test_local_users_with_names_of_customers_are_the_worst() -> None:
    names = ["712345678", "0712345678", "no", "José", "١٢", "true"]
    router = state(ppp_secret=[{"name": name} for name in names], ip_hotspot_user=[{"name": "default-trial"}])
    assert local_names(router) == [*names, "default-trial"]
    (finding,) = seen(router, customers=names)
    assert finding.severity == "error" and "712345678, 0712345678, no, José, ١٢ and 1 more" in finding.text


@pytest.mark.parametrize(("line", "cure"), [
    ("john (10.0.0.5): login failed: no address from ip pool", "pool"),
    ("login failed for john: could not parse attribute", "attribute"),
    ("", "/log print"),
])  # fmt: skip
def test_accepted_but_refused_by_the_router_is_explained(line: str, cure: str) -> None:
    (finding,) = seen(state(), unstarted=[Unstarted("john", "", 3, time.time())], log={"john": line})
    assert (finding.code, finding.severity) == ("accepted_but_refused", "error")
    assert "john" in finding.text and line in finding.text and cure in finding.cure


def test_errors_come_first() -> None:
    assert [finding.severity for finding in seen(state(fasttrack=True, ip_pool=[]))] == ["error", "warning"]
