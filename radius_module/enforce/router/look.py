"""A router's state as far as its set-up is concerned, read once."""

from __future__ import annotations

from ipaddress import ip_interface
from typing import NamedTuple

from radius_module.enforce.router import values
from radius_module.enforce.routeros import Router, Row

RADIUS, INCOMING, AAA = "/radius", "/radius/incoming", "/ppp/aaa"
HOTSPOTS, PROFILES, USER_PROFILES = "/ip/hotspot", "/ip/hotspot/profile", "/ip/hotspot/user/profile"
SECRETS, HOTSPOT_USERS, PPPOE = "/ppp/secret", "/ip/hotspot/user", "/interface/pppoe-server/server"
POOLS, ADDRESSES, CLOCK, DEVICE_MODE = "/ip/pool", "/ip/address", "/system/clock", "/system/device-mode"
IDENTITY, RESOURCE, FILTER = "/system/identity", "/system/resource", "/ip/firewall/filter"

_READ: dict[str, tuple[str, ...]] = {
    IDENTITY: ("name",),
    RESOURCE: ("version", "board-name"),
    RADIUS: ("service", "address", "src-address", "secret", "authentication-port", "accounting-port", "timeout",
             "comment", "disabled"),
    INCOMING: ("accept", "port"),
    AAA: ("use-radius", "accounting", "interim-update"),
    HOTSPOTS: ("name", "profile", "disabled"),
    PROFILES: ("name", "use-radius", "radius-accounting", "radius-interim-update", "login-by"),
    USER_PROFILES: ("name", "address-pool"),
    SECRETS: ("name", "disabled"),
    HOTSPOT_USERS: ("name", "disabled"),
    PPPOE: ("service-name", "disabled"),
    POOLS: ("name",),
    ADDRESSES: ("address", "disabled"),
    CLOCK: ("date", "time", "gmt-offset"),
    DEVICE_MODE: ("mode", "hotspot"),
}  # fmt: skip


class RouterState(NamedTuple):
    """Menus as they were read; None for one that the router does not have."""

    menus: dict[str, list[Row] | None]
    has_fasttrack: bool

    def rows(self, menu: str) -> list[Row]:
        return self.menus.get(menu) or []

    def single(self, menu: str) -> Row:
        """Of a menu that has one row."""
        return next(iter(self.rows(menu)), {})

    def enabled(self, menu: str) -> list[Row]:
        return [row for row in self.rows(menu) if not values.is_yes(row.get("disabled"))]

    @property
    def identity(self) -> str:
        return self.single(IDENTITY).get("name", "")

    @property
    def version(self) -> str:
        return self.single(RESOURCE).get("version", "")

    @property
    def board(self) -> str:
        return self.single(RESOURCE).get("board-name", "")

    def hotspot_profiles(self) -> list[Row]:
        """Those that a HotSpot server of the router uses."""
        used = {row.get("profile") for row in self.enabled(HOTSPOTS)}
        return [row for row in self.rows(PROFILES) if row.get("name") in used]

    def has_address(self, address: str) -> bool:
        """Is it one of the router's own, as far as it says?"""
        own = (row.get("address", "") for row in self.enabled(ADDRESSES))
        return any(_host(text) == address for text in own)


def look(router: Router) -> RouterState:
    """All menus; some are missing in some versions."""
    menus = {menu: router.rows_if_any(menu, names) for menu, names in _READ.items()}
    fasttrack = router.rows(FILTER, ["action", "disabled"], {"action": "fasttrack-connection"})
    return RouterState(menus, any(not values.is_yes(row.get("disabled")) for row in fasttrack))


def _host(text: str) -> str:
    try:
        return str(ip_interface(text).ip)
    except ValueError:
        return ""
