"""A router is set up through its own API: shown first, applied, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine

from models.network import router_access, router_setup
from models.network.addresses import single_address
from models.network.router_access import RouterDevice
from radius_module.enforce.router.look import RouterState, look
from radius_module.enforce.router.reach import Ground, access_of, secret_of
from radius_module.enforce.router.setup import wanted
from radius_module.enforce.router.setup.wanted import Change, Plan, Wish
from radius_module.enforce.routeros import Router, RouterError, Trap, Value


class ForeignSetup(RouterError):
    """Somebody else's set-up is in the way: nothing was changed."""

    def __init__(self, conflicts: Sequence[str]) -> None:
        super().__init__("foreign_setup", " ".join(conflicts))


def configure(
    engine: Engine, ground: Ground, device: RouterDevice, until: float, *, services: Sequence[str], server: str,
    dry_run: bool,
) -> dict[str, Any]:  # fmt: skip
    """The changes, made unless it is a dry run. Raises RouterError; ForeignSetup before the first change."""
    with Router(access_of(ground, device), until) as router:
        state = look(router)
        wish = _wish(ground, device, state, services, server)
        planned = wanted.plan(state, wish)
        if planned.conflicts:
            raise ForeignSetup(planned.conflicts)
        if not dry_run and planned.changes:
            _remember(engine, device, planned)
            _apply(router, planned.changes)
            _prove(wanted.plan(look(router), wish))
    return _answer(planned.changes, planned.notes, applied=not dry_run)


def take_back(engine: Engine, ground: Ground, device: RouterDevice, until: float, *, dry_run: bool) -> dict[str, Any]:
    """Our rows go, and settings are again what they were before the first change. Raises RouterError."""
    with Router(access_of(ground, device), until) as router:
        changes = wanted.undo(look(router), device.setup_before or {})
        if not dry_run:
            _apply(router, changes)
    if not dry_run and device.setup_before is not None:
        with engine.begin() as connection:
            router_access.remember_before(connection, device.isp_id, device.id, None)
    return _answer(changes, [], applied=not dry_run)


def _wish(ground: Ground, device: RouterDevice, state: RouterState, services: Sequence[str], server: str) -> Wish:
    """`src-address` is set where the device's address is the router's own, and not where a NAT stands between."""
    address = single_address(device.network)
    source = address if address is not None and state.has_address(address) else None
    chosen = tuple(service for service in router_setup.SERVICES if service in services)
    client = router_setup.client(device.id, chosen, server, ground.auth_port, ground.acct_port, source)
    return Wish(chosen, client, secret_of(ground, device), device.coa_port)


def _remember(engine: Engine, device: RouterDevice, planned: Plan) -> None:
    """Written down before anything changes; what the first run found is what `take_back` goes back to."""
    known = device.setup_before or {}
    found_now = wanted.befores(planned.changes)
    merged = {key: found_now.get(key, {}) | known.get(key, {}) for key in {*known, *found_now}}
    with engine.begin() as connection:
        router_access.remember_before(connection, device.isp_id, device.id, merged)


def _apply(router: Router, changes: Sequence[Change]) -> None:
    for number, change in enumerate(changes):
        values: dict[str, Value] = dict(change.after)
        try:
            if change.action == "add":
                router.add(change.path, values)
            elif change.action == "set":
                router.set(change.path, change.row_id, values)
            elif change.row_id is not None:
                router.remove(change.path, change.row_id)
        except Trap as trap:
            raise RouterError(
                "router_refused", f"{change.path} {change.action}: {trap} (changes made before it: {number})"
            ) from None


def _prove(left: Plan) -> None:
    if left.changes:
        missing = ", ".join(sorted({change.path for change in left.changes}))
        raise RouterError("no_effect", f"The router said yes, and did not change {missing}.")


def _answer(changes: Sequence[Change], notes: Sequence[str], *, applied: bool) -> dict[str, Any]:
    return {"changes": [change.shown() for change in changes], "applied": applied, "notes": list(notes)}
