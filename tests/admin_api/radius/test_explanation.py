"""`explain` as support reads it: sentences, times as everywhere, the usual router and device, the attribute named."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from admin_api.radius.explanation import SENTENCES, explained
from radius_module.replies.access_attributes import NOT_SET_UP
from radius_module.rules import ORDER
from tests.support.caller import Tenant

Rows = Callable[..., list[tuple[Any, ...]]]
PHONE = "02:00:00:00:00:07"


def _explain(tenant: Tenant, customer: dict[str, Any], query: str = "") -> dict[str, Any]:
    data: dict[str, Any] = tenant.viewer.get(f"/api/billing/customers/{customer['id']}/explain{query}").data
    return data


def _rule(explanation: dict[str, Any], code: str) -> dict[str, Any]:
    return next(rule for rule in explanation["rules"] if rule["code"] == code)


def test_every_rule_has_its_two_sentences_in_the_rules_order() -> None:
    assert list(SENTENCES) == [*(rule.code for rule in ORDER), NOT_SET_UP.code]


def test_no_sentence_is_left_with_a_hole_and_no_fact_is_a_riddle(tenant: Tenant) -> None:
    tenant.device()
    for fields in ({}, {"service_plan_id": tenant.plan(data_limit=5)["id"]}, {"mac_address": PHONE},
                   {"expires_at": "2020-01-01T00:00:00Z"}, {"status": "expired"}, {"status": "suspended"}):  # fmt: skip
        explanation = _explain(tenant, tenant.customer(**fields))
        for rule in explanation["rules"]:
            assert re.fullmatch(r"[A-Z][^{}]*\.", rule["text"]) and "None" not in rule["text"], rule
            assert "right" not in rule["facts"]


def test_times_are_those_of_the_customer_and_a_status_set_by_hand_is_called_that(tenant: Tenant) -> None:
    tenant.device()
    over = tenant.customer(expires_at="2020-01-01T00:00:00Z")
    rule = _rule(_explain(tenant, over), "expired")
    assert (rule["passed"], rule["facts"]["expires_at"]) == (False, over["expires_at"])
    assert rule["text"] == "The paid time ended at 2020-01-01 00:00:00 UTC: renew it."
    by_hand = _rule(_explain(tenant, tenant.customer(status="expired")), "expired")
    assert by_hand["text"] == "The customer's status is set to expired: renew them."


def test_without_a_time_or_a_limit_none_is_named() -> None:
    [endless] = explained([["expired", True, {"expires_at": None, "seconds_left": None}]])
    assert endless["text"] == "The paid time has no end."
    facts = {"used_bytes": 7, "allowance_bytes": None, "remaining_bytes": None}
    [unlimited] = explained([["quota_exceeded", True, facts]])
    assert unlimited["text"] == "The plan has no data limit."


def test_the_device_that_was_online_last_is_taken_when_none_is_given(tenant: Tenant, rows: Rows) -> None:
    """It takes its own slot over, so it is not kept out by itself; another one is."""
    device, customer = tenant.device(), tenant.customer(service_plan_id=tenant.plan(simultaneous_use=1)["id"])
    tenant.device()
    rows("insert into radacct (isp_id, customer_id, device_id, acctuniqueid, acctsessionid, callingstationid,"
         " acctstarttime) values (:isp, :customer, :device, 'explained', 's', :mac, now())",
         isp=tenant.id, customer=customer["id"], device=device["id"], mac=PHONE)  # fmt: skip
    usual = _explain(tenant, customer)
    assert (usual["code"], usual["device_id"], usual["calling_station_id"]) == ("accept", device["id"], PHONE)
    assert _explain(tenant, customer, "?calling_station_id=02:00:00:00:00:08")["code"] == "too_many_sessions"
    registered = tenant.customer(mac_address="02:00:00:00:00:09")
    assert _explain(tenant, registered)["calling_station_id"] == "02:00:00:00:00:09"


def test_the_attribute_that_cannot_be_sent_is_named_in_words(tenant: Tenant, rows: Rows) -> None:
    tenant.device()
    customer = tenant.customer()
    rows("insert into radreply (isp_id, customer_id, username, attribute, op, value)"
         " values (:isp, :customer, 'x', 'No-Such-Attribute', ':=', '1')",
         isp=tenant.id, customer=customer["id"])  # fmt: skip
    explanation = _explain(tenant, customer)
    assert explanation["code"] == "bad_reply_attribute"
    assert explanation["rules"][-1]["text"] == (
        "The reply attribute No-Such-Attribute cannot be sent: there is no such attribute. Correct its row."
    )
