"""What is to change on a router so that this server decides its logins, and what is in the way of that. Pure.

Where somebody else's set-up is in the way nothing is changed at all. Names of servers and profiles are the router's.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from models.network import router_setup
from models.network.router_setup import HOTSPOT, PPP
from radius_module.enforce.router import values
from radius_module.enforce.router.look import AAA, HOTSPOTS, INCOMING, PPPOE, PROFILES, RADIUS, RouterState
from radius_module.enforce.routeros import Row

MASK = "***"
_SECRET = "secret"  # noqa: S105  # a property's name


class Wish(NamedTuple):
    """What the router is to be set up for; `client` is the row of `/radius`, without its secret."""

    services: tuple[str, ...]
    client: dict[str, str]
    secret: str
    coa_port: int


class Change(NamedTuple):
    """One act on one row. `name`: of the row, in menus with rows; `before` and `after` hold what differs."""

    path: str
    action: str
    row_id: str | None
    name: str
    before: dict[str, str]
    after: dict[str, str]

    def shown(self) -> dict[str, Any]:
        """Without secrets."""
        named = {"name": self.name} if self.name else {}
        return {"path": self.path, "action": self.action} | named | {
            "before": _masked(self.before), "after": _masked(self.after)}  # fmt: skip


class Plan(NamedTuple):
    """`conflicts`: reasons to change nothing; `notes`: what the router lacks."""

    changes: list[Change]
    conflicts: list[str]
    notes: list[str]


def plan(state: RouterState, wish: Wish) -> Plan:
    """All changes, in the order in which they are made: who asks comes before who is asked."""
    changes = [*_client(state, wish), *_settings(state, INCOMING, router_setup.incoming(wish.coa_port))]
    notes = []
    if PPP in wish.services:
        changes += _settings(state, AAA, router_setup.PPP_AAA)
        if not state.enabled(PPPOE):
            notes.append("The router has no PPPoE server that is enabled.")
    if HOTSPOT in wish.services:
        for profile in state.hotspot_profiles():
            changes += _difference(PROFILES, profile, router_setup.HOTSPOT_PROFILE)
        if not state.enabled(HOTSPOTS):
            notes.append("The router has no HotSpot server that is enabled: `/ip hotspot setup` makes one.")
    return Plan(changes, conflicts(state, wish), notes)


def conflicts(state: RouterState, wish: Wish) -> list[str]:
    """Somebody else's RADIUS servers for the same services, and requests that are somebody else's."""
    foreign = [row for row in state.enabled(RADIUS) if not router_setup.is_marked(row.get("comment", ""))]
    reasons = []
    for row in foreign:
        shared = sorted(set(row.get("service", "").split(",")) & set(wish.services))
        if shared:
            reasons.append(
                f"/radius has an entry for {', '.join(shared)} at {row.get('address', '?')} that was not made from "
                "here: remove or disable it."
            )
    incoming = state.single(INCOMING)
    port = incoming.get("port", "")
    if foreign and values.is_yes(incoming.get("accept")) and port != str(wish.coa_port):
        reasons.append(
            f"/radius incoming listens on port {port}, perhaps for another RADIUS server: set the device's coa_port to "
            "it, or set accept=no."
        )
    return reasons


def undo(state: RouterState, before: dict[str, dict[str, str]]) -> list[Change]:
    """Back to what was found before: rows that are ours go, and settings are what they were."""
    changes = [Change(RADIUS, "remove", row[".id"], "", _public(row), {}) for row in _ours(state)]
    for key, properties in before.items():
        menu, _, name = key.partition(" ")
        rows = [row for row in state.rows(menu) if row.get("name", "") == name] if name else state.rows(menu)
        for row in rows:
            changes += _difference(menu, row, properties)
    return changes


def befores(changes: list[Change]) -> dict[str, dict[str, str]]:
    """What `undo` needs of changes to settings; of our own rows it needs nothing."""
    return {f"{change.path} {change.name}".strip(): change.before for change in changes if change.path != RADIUS}


def _client(state: RouterState, wish: Wish) -> list[Change]:
    ours = _ours(state)
    wanted = wish.client | {_SECRET: wish.secret}
    if not ours:
        return [Change(RADIUS, "add", None, "", {}, wanted)]
    row, *surplus = ours
    # Without the policy `sensitive` no secret is shown, and none can be compared.
    hidden = {} if row.get(_SECRET) else {_SECRET}
    different = {name: value for name, value in wanted.items()
                 if name not in hidden and not values.is_same(row.get(name), value)}  # fmt: skip
    changes = [Change(RADIUS, "remove", each[".id"], "", _public(each), {}) for each in surplus]
    if different:
        before = {name: row.get(name, "") for name in different}
        changes.append(Change(RADIUS, "set", row[".id"], "", before, different))
    return changes


def _ours(state: RouterState) -> list[Row]:
    return [row for row in state.rows(RADIUS) if router_setup.is_marked(row.get("comment", ""))]


def _settings(state: RouterState, menu: str, wanted: dict[str, str]) -> list[Change]:
    return _difference(menu, state.single(menu), wanted)


def _difference(menu: str, row: Row, wanted: dict[str, str]) -> list[Change]:
    different = {name: value for name, value in wanted.items() if not values.is_same(row.get(name), value)}
    if not different:
        return []
    before = {name: row.get(name, "") for name in different}
    name = row.get("name", "") if menu == PROFILES else ""
    return [Change(menu, "set", row.get(".id") if menu == PROFILES else None, name, before, different)]


def _public(row: Row) -> dict[str, str]:
    return {name: value for name, value in row.items() if name not in (".id", _SECRET)}


def _masked(properties: dict[str, str]) -> dict[str, str]:
    return {name: MASK if name == _SECRET else value for name, value in properties.items()}
