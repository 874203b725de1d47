"""`explain` without a FreeRADIUS that runs says from the database what the packet path decides, over random states."""

from __future__ import annotations

import time
from typing import Any

import pytest
from apiflask import APIFlask
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Engine

from radius_module.directory import load
from radius_module.online.slot import own_slot
from radius_module.online.table import OnlineTable
from radius_module.replies import access_attributes
from radius_module.rules import decide
from radius_module.rules.facts import Deny, Facts
from tests.admin_api.radius.states import ALL_CODES, put, states
from tests.support.caller import Tenant


def _on_the_wire(owner: Engine, ids: dict[str, int], mac: str) -> tuple[str, dict[str, Any]]:
    """What the login process would answer: its own directory, loaded whole, and its own way to a verdict."""
    online = OnlineTable()
    with owner.connect() as connection:
        contents = load.load(connection, online)
    now = time.time()
    customer = contents.customers[ids["customer"]]
    used, slots = online.usage_and_slots(customer.id, customer.period_start(now), now)
    device, plan = contents.devices[ids["device"]][1], contents.plans[ids["plan"]]
    verdict = decide(Facts(now, device, contents.isps[ids["isp"]], customer, plan, True, mac, used, slots,
                           own_slot=own_slot(mac, device.id)))  # fmt: skip
    if isinstance(verdict, Deny):
        return verdict.code, {"Reply-Message": verdict.message}
    try:
        return "accept", access_attributes.shown(access_attributes.accept(verdict, b"\x01" * 13))
    except access_attributes.UnencodableAttribute:
        return access_attributes.NOT_SET_UP.code, {"Reply-Message": access_attributes.NOT_SET_UP.message}


def _check(tenant: Tenant, owner: Engine, examples: int) -> None:
    plan, device = tenant.plan(session_timeout=60), tenant.device()
    customer = tenant.customer(service_plan_id=plan["id"])
    ids = {"isp": tenant.id, "plan": plan["id"], "device": device["id"], "customer": customer["id"]}
    seen: set[str] = set()

    @given(state=states)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def same(state: dict[str, Any]) -> None:
        put(owner, ids, state)
        code, attributes = _on_the_wire(owner, ids, state["asking"])
        query = f"?device_id={ids['device']}&calling_station_id={state['asking']}"
        explanation = tenant.machine.get(f"/api/billing/customers/{ids['customer']}/explain{query}").data
        for reply in (attributes, explanation["reply"]):
            reply.pop("Class", None)
            if "Session-Timeout" in reply:
                reply["Session-Timeout"] = int(reply["Session-Timeout"]) // 10
        assert (explanation["code"], explanation["reply"]) == (code, attributes)
        assert explanation["verdict"] == ("accept" if code == "accept" else "reject")
        failed = [rule["code"] for rule in explanation["rules"] if not rule["passed"]]
        assert failed[:1] == ([] if code == "accept" else [code])
        seen.add(code)

    same()
    assert len(seen) >= 3 and (examples < 1000 or seen >= ALL_CODES)


def test_explain_from_the_database_says_the_same(app: APIFlask, tenant: Tenant, owner: Engine) -> None:
    _check(tenant, owner, 25)


@pytest.mark.long
def test_explain_from_the_database_says_the_same_in_five_thousand_states(
    app: APIFlask, tenant: Tenant, owner: Engine
) -> None:
    _check(tenant, owner, 5000)
