"""What an outcome makes of a request, and what it teaches about the device."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from models.network.requests.claims import Claimed, OpenSession
from radius_module.enforce.coa import COA, DISCONNECT, Answer, Identity
from radius_module.enforce.flight import Flight, first_step, identity_of, result
from radius_module.enforce.judge.decision import Send
from radius_module.enforce.wire.ladder import SETTLING, Step
from radius_module.enforce.wire.line import Outcome

SESSION = OpenSession(1, "u", "81f00001", "john", "10.0.0.1", "10.1.0.1", "02:00:00:00:00:01", "Ethernet", 1.0, 2.0, 0,
                      0, is_open=True, is_ending=False, is_only_session=True)  # fmt: skip


def flight(kind: str = DISCONNECT, *, step: Step = Step.FULL, reason: str = "suspended", obeyed: bool = False,
           attempts: int = 1, **payload: Any) -> Flight:  # fmt: skip
    request = Claimed(1, 2, None, 3, 4, kind, reason, "u", date(2026, 1, 1), None, None, attempts, payload,
                      is_late=False)  # fmt: skip
    return Flight(request, SESSION, Send(kind, {}, {}), step, "ppp", obeyed, 0.0)


def after(one: Flight, acknowledged: bool | None, cause: int | None = None, *, was_false: bool = False) -> Any:
    answer = None if acknowledged is None else Answer(acknowledged, cause)
    return result(one, Outcome(2, answer, was_false))


@pytest.mark.parametrize(("was_false", "error"), [(False, "no_answer"), (True, "bad_reply")])
def test_silence_is_tried_again_and_named(was_false: bool, error: str) -> None:
    become = after(flight(), None, was_false=was_false)
    assert (become.written.status, become.written.error, become.written.next_in) == ("pending", error, 0.5)
    assert become.seen.unanswered == 1


def test_a_yes_is_sent_and_not_done() -> None:
    become = after(flight(), True)
    assert (become.written.status, become.written.error) == ("sent", None)
    assert become.seen.disconnect is True and become.seen.coa is None


def test_a_disconnect_obeyed_in_place_of_a_406_shows_that_coa_is_what_it_cannot() -> None:
    assert after(flight(instead_of="406"), True).seen.coa is False
    assert after(flight(instead_of="401"), True).seen.coa is None


def test_an_unknown_session_is_named_otherwise_at_once() -> None:
    become = after(flight(), False, 503)
    assert (become.written.step, become.written.next_in) == (Step.ID, 0.0)


def test_at_the_end_of_the_ways_the_stop_is_waited_for() -> None:
    become = after(flight(step=Step.STATION), False, 503)
    assert (become.written.status, become.written.error) == ("pending", "session_unknown")
    assert become.written.next_in == SETTLING and become.written.payload == {"unknown": True}


@pytest.mark.parametrize(("obeyed", "status"), [(False, "failed"), (True, "pending")])
def test_406_means_gone_where_the_device_has_obeyed(obeyed: bool, status: str) -> None:
    assert after(flight(obeyed=obeyed), False, 406).written.status == status


@pytest.mark.parametrize(("cause", "coa"), [(401, False), (404, False), (407, False), (406, None), (501, None)])
def test_a_change_that_is_refused_becomes_an_end_and_only_a_clear_cause_is_learnt(cause: int, coa: bool | None) -> None:
    become = after(flight(COA, step=Step.NAME_AND_ID, reason="throttled"), False, cause)
    assert (become.written.status, become.written.error, become.written.error_cause) == ("failed", "nak", cause)
    assert become.needs_disconnect and become.seen.coa is coa


def test_nobody_is_cut_for_having_renewed() -> None:
    assert not after(flight(COA, step=Step.NAME_AND_ID, reason="renewed"), False, 401).needs_disconnect


def test_no_resources_is_tried_again() -> None:
    become = after(flight(step=Step.STATION), False, 506)
    assert (become.written.status, become.written.error_cause) == ("pending", 506)


def test_names_that_were_no_text_become_their_octets_again() -> None:
    odd = SESSION._replace(username=r"Caf\xe9\x00", framed_address="2001:db8::1", calling_station_id=None)
    assert identity_of(odd) == Identity(b"Caf\xe9\x00", b"81f00001", None, None)
    assert identity_of(SESSION).username == b"john"


def test_what_a_device_is_known_to_want_is_where_the_first_attempt_begins() -> None:
    identity = identity_of(SESSION)
    request = flight().request
    assert first_step(request, identity, None, is_only_session=True) is Step.FULL
    assert first_step(request, identity, Step.NAME_AND_ID, is_only_session=True) is Step.NAME_AND_ID
    assert first_step(request, identity, Step.STATION, is_only_session=True) is Step.FULL, "it is not as safe"
    assert first_step(request._replace(step=Step.ID), identity, None, is_only_session=True) is Step.ID
