"""What is sent for a request follows from what holds at the moment."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from models.network.abilities import HOTSPOT, PPP, Ability
from models.network.requests.claims import Claimed, OpenSession
from radius_module.enforce.coa import COA, DISCONNECT
from radius_module.enforce.judge.decision import END, SUPERSEDED, Close, Send, decide
from radius_module.enforce.judge.service import Service

NOW = 1_000_000.0
RATE, TIMEOUT = "Mikrotik-Rate-Limit", "Session-Timeout"
GRANTED = Service(None, {RATE: "2M/10M", "Mikrotik-Total-Limit": "5", "Framed-Pool": "a"}, 600.0)
REFUSED = Service("suspended", {})
UNKNOWN = Ability()


def request(kind: str, reason: str, **payload: Any) -> Claimed:
    return Claimed(1, 2, None, 3, 4, kind, reason, "u", date(2026, 1, 1), None, None, 1, payload, is_late=False)


def session(*, is_ending: bool = False) -> OpenSession:
    return OpenSession(1, "u", "81f00001", "john", "10.0.0.1", "10.1.0.1", "02:00:00:00:00:01", "Ethernet", NOW - 100,
                       NOW - 10, 7, 8, is_open=True, is_ending=is_ending, is_only_session=True)  # fmt: skip


def decided(kind: str, reason: str, service: Service | None = GRANTED, *, name: str = PPP, ability: Ability = UNKNOWN,
            is_ending: bool = False, **payload: Any) -> Send | Close:  # fmt: skip
    return decide(request(kind, reason, **payload), session(is_ending=is_ending), service, ability, name, NOW)


@pytest.mark.parametrize("reason", ["suspended", "expired", "quota_exceeded", "isp_suspended"])
def test_an_end_that_the_rules_no_longer_ask_for_is_superseded(reason: str) -> None:
    assert decided(DISCONNECT, reason) == SUPERSEDED
    assert decided(DISCONNECT, reason, REFUSED) == END
    assert decided(DISCONNECT, reason, None) == END, "a customer who is gone"


@pytest.mark.parametrize("reason", ["by_hand", "password_changed", "deleted", "too_many_sessions", "device_removed"])
def test_an_end_for_another_reason_is_not_asked_about(reason: str) -> None:
    assert decided(DISCONNECT, reason) == END


@pytest.mark.parametrize("reason", ["plan_changed", "throttled", "topup", "renewed", "by_hand"])
def test_a_change_for_somebody_whom_the_rules_refuse_is_an_end(reason: str) -> None:
    assert decided(COA, reason, REFUSED) == END
    assert decided(COA, reason, REFUSED, is_ending=True) == SUPERSEDED


def test_a_rate_travels_by_coa_with_what_it_is_compared_with() -> None:
    answer = decided(COA, "plan_changed", attributes=[RATE], before="20M/20M")
    assert answer == Send(COA, {RATE: "2M/10M"},
                          {"rate": "2M/10M", "before": "20M/20M", "octets": [7, 8], "at": NOW - 10})  # fmt: skip


@pytest.mark.parametrize("attribute", ["Framed-Pool", "Framed-IP-Address", "Framed-Route", "Mikrotik-Address-List"])
def test_what_coa_does_not_change_needs_a_new_login(attribute: str) -> None:
    assert decided(COA, "plan_changed", attributes=[RATE, attribute]) == END


def test_a_rate_cannot_be_taken_away() -> None:
    bare = Service(None, {}, 600.0)
    assert decided(COA, "plan_changed", bare, attributes=[RATE]) == END
    assert decided(COA, "topup", bare) == Close("done", None), "there was none, and there is none"


def test_an_allowance_is_a_hotspots_business() -> None:
    assert decided(COA, "topup", name=HOTSPOT) == END
    assert decided(COA, "topup", name=PPP) == Send(COA, {RATE: "2M/10M"}, decided(COA, "topup").evidence)  # type: ignore[union-attr]
    throttled = Service(None, {RATE: "1M/1M"}, 600.0)
    assert decided(COA, "topup", throttled, name=HOTSPOT) != END, "a session without an allowance has none to change"


def test_a_renewal_counts_from_the_sessions_start_and_cuts_nobody() -> None:
    answer = decided(COA, "renewed")
    assert isinstance(answer, Send) and answer.attributes[TIMEOUT] == "700"
    assert decided(COA, "renewed", ability=Ability(coa=False)) == Close("failed", "nak")


def test_a_device_that_is_known_to_refuse_coa_is_not_asked() -> None:
    assert decided(COA, "throttled", ability=Ability(coa=False)) == END


def test_the_longest_timeout_is_not_exceeded() -> None:
    answer = decided(COA, "renewed", GRANTED._replace(seconds=21474720))
    assert isinstance(answer, Send) and answer.attributes[TIMEOUT] == "21474720"
