"""`explain` says what the packet path decides: the same verdict and the same attributes over random states.

Against a FreeRADIUS that runs, whose login process `explain` asks; and from the database, when none runs.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from apiflask import APIFlask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from radius_module.directory import load
from radius_module.online.slot import own_slot
from radius_module.online.table import OnlineTable
from radius_module.replies import access_attributes
from radius_module.rules import decide
from radius_module.rules.facts import Deny, Facts
from tests.radius_client import exchange, verify
from tests.support.caller import Caller, Tenant
from tests.wire.router import PROTOCOLS, Answer, Router, proof
from tests.wire.system import System
from tests.wire.tenant import PASSWORD
from tests.wire.tenant import Tenant as WireTenant
from tests.wire.test_accounting import eventually

Rows = Callable[..., list[tuple[Any, ...]]]
#: Of a customer whose password is right.
ALL_CODES = {"accept", "unknown_device", "isp_suspended", "suspended", "expired", "mac_mismatch", "quota_exceeded",
             "too_many_sessions", "bad_reply_attribute"}  # fmt: skip
MACS = ("", "02:00:00:00:00:01", "02:00:00:00:00:02")

states = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["active", "active", "active", "suspended", "expired"]),
        "expires": st.sampled_from([-86400, -1, 3600, 10**6, 10**9]),
        "mac": st.sampled_from([None, *MACS[1:]]),
        "limit": st.sampled_from([None, 0, 1, 10**9, 5 * 2**32]),
        "used": st.sampled_from([0, 1, 10**9, 5 * 2**32]),
        "topup": st.sampled_from([None, 1, 10**9]),
        "over": st.sampled_from(["block", "throttle"]),
        "use": st.integers(1, 3),
        "too_many": st.sampled_from(["refuse", "replace_oldest"]),
        "sessions": st.lists(st.sampled_from(MACS), max_size=4),
        "isp": st.sampled_from(["active", "active", "active", "suspended"]),
        "device": st.sampled_from([*["active"] * 9, "disabled"]),
        "asking": st.sampled_from(MACS),
        "extra": st.sampled_from([None, ("Idle-Timeout", "60"), ("No-Such-Attribute", "1")]),
    }
)


def _put(rows: Rows, ids: dict[str, int], state: dict[str, Any]) -> None:
    """The state by hand, in psql's way, in one transaction each statement."""
    own = {name: ids[name] for name in ("isp", "customer")}
    rows("update isps set status = :status where id = :isp", status=state["isp"], isp=ids["isp"])
    rows("update mikrotik_devices set status = :status where id = :id", status=state["device"], id=ids["device"])
    rows("update service_plans set data_limit_bytes = :limit, over_limit = :over, throttle_bandwidth = 1,"
         " simultaneous_use = :use, on_too_many = :many where id = :id", limit=state["limit"], over=state["over"],
         use=state["use"], many=state["too_many"], id=ids["plan"])  # fmt: skip
    rows("update customers set status = :status, expires_at = now() + make_interval(secs => :expires),"
         " mac_address = :mac where id = :customer", status=state["status"], expires=state["expires"], mac=state["mac"],
         customer=ids["customer"])  # fmt: skip
    for table in ("usage", "topups", "radacct"):
        rows(f"delete from {table} where isp_id = :isp and customer_id = :customer", **own)  # noqa: S608
    rows("delete from radreply where isp_id = :isp and origin = 'operator'", isp=ids["isp"])
    rows("insert into usage select isp_id, customer_id, period_start, :used, 0 from subscriptions"
         " where isp_id = :isp and customer_id = :customer", used=state["used"], **own)  # fmt: skip
    if state["topup"]:
        rows("insert into topups (isp_id, customer_id, period_start, data_bytes)"
             " select isp_id, customer_id, period_start, :octets from subscriptions"
             " where isp_id = :isp and customer_id = :customer", octets=state["topup"], **own)  # fmt: skip
    for number, mac in enumerate(state["sessions"]):
        rows("insert into radacct (isp_id, customer_id, device_id, acctuniqueid, acctsessionid, callingstationid,"
             " acctstarttime) values (:isp, :customer, :device, :unique, 's', :mac,"
             " now() - make_interval(secs => :ago))",
             device=ids["device"], unique=f"{ids['customer']}-{number}", mac=mac, ago=number, **own)  # fmt: skip
    if state["extra"]:
        rows("insert into radreply (isp_id, customer_id, username, attribute, op, value) values (:isp, :customer, 'x',"
             " :name, ':=', :value)", name=state["extra"][0], value=state["extra"][1], **own)  # fmt: skip


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


def _answer(router: Router, name: str, mac: str, protocol: str) -> dict[str, Any] | None:
    """What a router reads in the answer of a real login, in the words of `explain`; None is silence."""
    request = router.request(name, proof(protocol, name, PASSWORD), mac=mac)
    octets = exchange(request, router.system.server, timeout=0.25, tries=2, source=(router.address, 0))
    return None if octets is None else in_words(Answer(verify(octets, request)))


def in_words(answer: Answer) -> dict[str, Any]:
    """The attributes as `explain` writes them, times to ten seconds."""
    high, low = (None, None) if answer.limit is None else (str(part) for part in divmod(answer.limit, 1 << 32))
    attributes_set = {
        "Reply-Message": answer.message,
        "Mikrotik-Rate-Limit": answer.rate,
        "Mikrotik-Total-Limit": low,
        "Mikrotik-Total-Limit-Gigawords": high,
        "Idle-Timeout": None if answer.idle_timeout is None else str(answer.idle_timeout),
        "Acct-Interim-Interval": None if answer.interim is None else str(answer.interim),
        "Framed-IP-Address": answer.address,
        "Framed-Pool": answer.pool,
        "Session-Timeout": None if answer.session_timeout is None else answer.session_timeout // 10,
    }
    return {name: value for name, value in attributes_set.items() if value is not None}


def _check_wire(system: System, operator: Caller, examples: int) -> None:
    """`explain`, then the login, in whatever state the logins before have left their customer's places."""
    shop = WireTenant(system)
    caller = operator.inside(shop.isp_id)
    plan = shop.plan(session_timeout=60)
    people = [shop.customer(f"customer{number}", plan=plan) for number in range(min(examples // 4, 300))]
    system.expect_log(f"unknown client {shop.router.address} ")
    system.expect_log("the answer cannot be sent: No-Such-Attribute")
    seen: Counter[str] = Counter()
    turns = itertools.count()

    @given(state=states, protocol=st.sampled_from(PROTOCOLS))
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def same(state: dict[str, Any], protocol: str) -> None:
        person = people[next(turns) % len(people)]
        ids = {"isp": shop.isp_id, "plan": plan, "device": shop.router.device_id, "customer": person.id}
        _put(system.sql, ids, state)
        query = f"?device_id={ids['device']}&calling_station_id={state['asking']}"
        explanation = caller.get(f"/api/billing/customers/{person.id}/explain{query}").data
        answered = _answer(shop.router, person.username, state["asking"], protocol)
        seen[explanation["code"]] += 1
        if answered is None:
            # A router that was switched off is forgotten after some seconds: then there is no answer at all.
            assert explanation["code"] == "unknown_device"
            seen["silence"] += 1
            return
        explanation["reply"].pop("Class", None)
        if "Session-Timeout" in explanation["reply"]:
            explanation["reply"]["Session-Timeout"] = int(explanation["reply"]["Session-Timeout"]) // 10
        assert explanation["reply"] == answered

    same()
    wanted = seen - Counter({"silence": seen["silence"], "unknown_device": seen["silence"]})
    counted = "select code, count(*) from radpostauth where isp_id = :isp group by code"
    eventually(lambda: dict(system.sql(counted, isp=shop.isp_id)), dict(wanted), 30)
    assert len(seen) >= 3 and (examples < 1000 or set(seen) >= ALL_CODES)


def test_explain_is_what_a_router_gets(system: System, operator: Caller) -> None:
    _check_wire(system, operator, 25)


@pytest.mark.long
def test_explain_is_what_a_router_gets_in_five_thousand_states(system: System, operator: Caller) -> None:
    _check_wire(system, operator, 5000)


def _check(tenant: Tenant, rows: Rows, owner: Engine, examples: int) -> None:
    plan, device = tenant.plan(session_timeout=60), tenant.device()
    customer = tenant.customer(service_plan_id=plan["id"])
    ids = {"isp": tenant.id, "plan": plan["id"], "device": device["id"], "customer": customer["id"]}
    seen: set[str] = set()

    @given(state=states)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def same(state: dict[str, Any]) -> None:
        _put(rows, ids, state)
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


def test_explain_from_the_database_says_the_same(app: APIFlask, tenant: Tenant, rows: Rows, owner: Engine) -> None:
    _check(tenant, rows, owner, 25)


@pytest.mark.long
def test_explain_from_the_database_says_the_same_in_five_thousand_states(
    app: APIFlask, tenant: Tenant, rows: Rows, owner: Engine
) -> None:
    _check(tenant, rows, owner, 5000)
