"""A router's configuration as its menus: rows with ids, properties that are known, and what a version lacks.

What the manual documents, as far as anybody here reads or writes it; a property that it does not know is refused.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

Row = dict[str, str]

#: Menus with rows → the properties that may be set.
TABLES: dict[str, set[str]] = {
    "/radius": {"service", "address", "secret", "src-address", "authentication-port", "accounting-port", "timeout",
                "comment", "disabled", "protocol", "require-message-auth"},
    "/ppp/secret": {"name", "password", "service", "profile", "disabled", "comment"},
    "/ppp/profile": {"name", "local-address", "remote-address"},
    "/ppp/active": set(),
    "/interface/pppoe-server/server": {"service-name", "interface", "default-profile", "authentication", "disabled",
                                       "one-session-per-host"},
    "/ip/hotspot": {"name", "interface", "profile", "address-pool", "disabled"},
    "/ip/hotspot/profile": {"name", "use-radius", "radius-accounting", "radius-interim-update", "login-by",
                            "html-directory", "nas-port-type"},
    "/ip/hotspot/user": {"name", "password", "profile", "server", "disabled", "comment"},
    "/ip/hotspot/user/profile": {"name", "address-pool", "rate-limit", "shared-users"},
    "/ip/hotspot/active": set(),
    "/ip/pool": {"name", "ranges"},
    "/ip/address": {"address", "interface", "disabled"},
    "/ip/firewall/filter": {"chain", "action", "comment", "disabled"},
    "/log": set(),
}  # fmt: skip
#: Menus of one row.
SETTINGS: dict[str, Row] = {
    "/system/identity": {"name": "Tower"},
    "/system/resource": {"version": "7.16.2 (stable)", "board-name": "hAP ax^2", "uptime": "1d2h"},
    "/radius/incoming": {"accept": "false", "port": "3799", "vrf": "main"},
    "/ppp/aaa": {"use-radius": "false", "accounting": "true", "interim-update": "0s", "use-circuit-id-in-nas-port-id":
                 "false", "enable-ipv6-accounting": "false"},
    "/system/clock": {},
    "/system/device-mode": {"mode": "home", "hotspot": "yes", "fetch": "yes"},
}  # fmt: skip
_READ_ONLY = ("/system/resource", "/system/clock")
#: Rows that the router has of itself.
_BUILT_IN: dict[str, list[Row]] = {
    "/ip/hotspot/user/profile": [{"name": "default", "address-pool": "none", "shared-users": "1"}],
    "/ip/hotspot/profile": [{"name": "default", "use-radius": "false", "radius-accounting": "true",
                             "radius-interim-update": "received", "login-by": "cookie,http-chap"}],
    "/ppp/profile": [{"name": "default"}, {"name": "default-encryption"}],
}  # fmt: skip


class Refusal(Exception):
    """A trap's message."""


class Menus:
    """`removing`: what happens when a row of a menu is removed, before it is gone; it may refuse."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self.settings: dict[str, Row] = {menu: dict(row) for menu, row in SETTINGS.items()}
        self.tables: dict[str, list[Row]] = {menu: [] for menu in TABLES}
        self.removing: dict[str, Callable[[Row], None]] = {}
        #: Where the rows are not stored but looked up.
        self.live: dict[str, Callable[[], list[Row]]] = {}
        self.clock_offset = 0.0
        #: (menu, act, values) of every change, in order.
        self.changes: list[tuple[str, str, Row]] = []
        for menu, rows in _BUILT_IN.items():
            for row in rows:
                self.put(menu, **row)

    def put(self, menu: str, **values: str) -> str:
        """A row of the router's own; names with `_` for `-`."""
        row_id = f"*{next(self._ids):X}"
        self.tables[menu].append({".id": row_id} | {name.replace("_", "-"): value for name, value in values.items()})
        return row_id

    def lack(self, menu: str) -> None:
        """This version does not have it."""
        self.settings.pop(menu, None)
        self.tables.pop(menu, None)

    def rows(self, menu: str) -> list[Row]:
        if menu in self.live:
            return self.live[menu]()
        if menu == "/system/clock":
            now = time.gmtime(time.time() + self.clock_offset)
            return [{"date": time.strftime("%Y-%m-%d", now), "time": time.strftime("%H:%M:%S", now),
                     "gmt-offset": "+00:00", "time-zone-name": "UTC"}]  # fmt: skip
        if menu in self.settings:
            return [self.settings[menu]]
        if menu in self.tables:
            return self.tables[menu]
        raise Refusal("no such command prefix")

    def act(self, menu: str, act: str, values: Row) -> str:
        """`add`, `set` or `remove`; the new row's id of an `add`."""
        if menu not in self.tables and menu not in self.settings:
            raise Refusal("no such command prefix")
        given = {name: value for name, value in values.items() if name != ".id"}
        self._check(menu, given)
        self.changes.append((menu, act, values))
        if act == "add":
            return self.put(menu, **given)
        if menu in self.settings:
            self.settings[menu] |= _normal(given)
            return ""
        for row_id in values.get(".id", "").split(","):
            self._act_on(menu, act, row_id, given)
        return ""

    def _act_on(self, menu: str, act: str, row_id: str, given: Row) -> None:
        row = next((row for row in self.rows(menu) if row[".id"] == row_id), None)
        if row is None:
            raise Refusal("no such item (4)")
        if act == "set":
            row |= _normal(given)
            return
        if menu in self.removing:
            self.removing[menu](row)
        if menu not in self.live:
            self.tables[menu].remove(row)

    def _check(self, menu: str, given: Row) -> None:
        if menu in _READ_ONLY:
            raise Refusal("no such command")
        known: Any = TABLES.get(menu) or set(self.settings.get(menu, {}))
        unknown = sorted(set(given) - known)
        if unknown:
            raise Refusal(f"unknown parameter {unknown[0]}")


def _normal(given: Row) -> Row:
    """As the router shows what was set: yes and no become true and false, durations lose their parts of zero."""
    words = {"yes": "true", "no": "false"}
    texts = ("name", "comment", "secret", "password")
    return {name: value if name in texts else words.get(value, value) for name, value in given.items()}
