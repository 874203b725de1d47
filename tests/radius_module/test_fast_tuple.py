"""The order of fields of every named tuple that is built from a plain one: nothing else checks it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from models.accounting.records import AccountingRecord, AuthResult
from radius_module.fast_tuple import maker
from radius_module.login.fast_path import FastAccept
from radius_module.packets.access_request import LoginRequest
from radius_module.packets.reply_to import ReplyTo
from radius_module.rules.facts import Customer, Facts, Grant, Slot

HOME = Path(__file__).resolve().parent.parent.parent

ORDER = {
    AccountingRecord: (
        "status isp_id device_id session_id klass username received delay session_time octets_in octets_out mac called"
        " nas_address nas_port_id nas_port_type framed_address framed_ipv6_prefix delegated_ipv6_prefix cause"
        " router_time router framed_ipv6_address framed_interface_id"
    ),
    AuthResult: "isp_id answered username reply code customer_id device_id nas_address mac klass",
    Customer: (
        "id isp_id username status expires_at plan_id static_ip mac credential_attribute credential created_at"
        " period_starts topups not_started extra"
    ),
    Facts: "now device isp customer plan authentic mac used slots eap own_slot guesses hour seconds",
    FastAccept: "grant session_timeout left klass",
    Grant: "rate allowance session_timeout idle_timeout address pool extra",
    LoginRequest: "origin username password chap challenge is_mschap mac reply_to line mschap_error eap is_unsigned",
    ReplyTo: "address port local identifier authenticator proxy_states device_id",
    Slot: "mac since session",
}


@pytest.mark.parametrize("kind", ORDER, ids=lambda kind: kind.__name__)
def test_the_fields_stand_in_the_order_in_which_tuples_are_built(kind: Any) -> None:
    assert " ".join(kind._fields) == ORDER[kind]


def test_every_kind_that_is_built_this_way_is_pinned() -> None:
    kinds = set()
    for path in (HOME / "radius_module").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "maker":
                kinds.add(ast.unparse(node.args[0]))
    assert kinds == {kind.__name__ for kind in ORDER}


def test_a_plain_tuple_becomes_the_named_one() -> None:
    slot = maker(Slot)(("AA:BB:CC:DD:EE:FF", 1.0, "uid"))
    assert slot == Slot("AA:BB:CC:DD:EE:FF", 1.0, "uid") and isinstance(slot, Slot)
