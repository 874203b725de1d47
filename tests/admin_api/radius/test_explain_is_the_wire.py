"""`explain` says what a router gets: the same verdict and the same attributes over random states.

Against a FreeRADIUS that runs, whose login process `explain` asks.
"""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.admin_api.radius.states import ALL_CODES, put, states
from tests.radius_client import exchange, verify
from tests.support.caller import Caller
from tests.wire.router import PROTOCOLS, Answer, Router, proof
from tests.wire.system import System
from tests.wire.tenant import PASSWORD, Tenant
from tests.wire.test_accounting import eventually


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
    shop = Tenant(system)
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
        put(system.owner, ids, state)
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
