"""How a session is named next, for what real devices refuse."""

from __future__ import annotations

import pytest

from radius_module.enforce.coa import Identity
from radius_module.enforce.wire.ladder import (
    Step,
    identity_at,
    is_about_the_session,
    next_step,
    pause_after,
    steps,
)

KNOWN = Identity(b"john", b"81f00001", "10.0.0.2", b"02:00:00:00:00:01")
BARE = Identity(session_id=b"81f00001")


def test_what_each_step_says() -> None:
    assert identity_at(Step.FULL, KNOWN) == Identity(b"john", b"81f00001", "10.0.0.2")
    assert identity_at(Step.NAME_AND_ID, KNOWN) == Identity(b"john", b"81f00001")
    assert identity_at(Step.ID, KNOWN) == Identity(session_id=b"81f00001")
    assert identity_at(Step.STATION, KNOWN) == Identity(calling_station_id=b"02:00:00:00:00:01")


def test_steps_that_say_the_same_are_one() -> None:
    assert list(steps(KNOWN, is_only_session=True)) == list(Step)
    assert list(steps(BARE, is_only_session=True)) == [Step.FULL]
    assert list(steps(KNOWN._replace(framed_address=None), is_only_session=True)) == [Step.FULL, Step.ID, Step.STATION]


def test_a_station_with_another_session_is_not_named_alone() -> None:
    """The request would hit the newer one."""
    assert Step.STATION not in list(steps(KNOWN, is_only_session=False))
    assert next_step(Step.ID, 503, KNOWN, is_only_session=False) is None
    assert next_step(Step.ID, 503, KNOWN, is_only_session=True) is Step.STATION


@pytest.mark.parametrize(("step", "cause", "wanted"), [
    (Step.FULL, 401, Step.NAME_AND_ID), (Step.NAME_AND_ID, 401, None), (Step.FULL, 503, Step.ID),
    (Step.NAME_AND_ID, 503, Step.ID), (Step.ID, 503, Step.STATION), (Step.STATION, 503, None),
    (Step.FULL, None, Step.ID), (Step.FULL, 406, None), (Step.FULL, 403, None), (Step.FULL, 501, None),
])  # fmt: skip
def test_where_a_refusal_leads(step: Step, cause: int | None, wanted: Step | None) -> None:
    assert next_step(step, cause, KNOWN, is_only_session=True) is wanted


@pytest.mark.parametrize(("cause", "obeyed", "wanted"), [
    (503, False, True), (None, False, True), (406, False, False), (406, True, True), (401, True, False),
])  # fmt: skip
def test_406_means_gone_where_the_device_has_obeyed_before(cause: int | None, obeyed: bool, wanted: bool) -> None:
    assert is_about_the_session(cause, device_has_obeyed=obeyed) is wanted


def test_pauses_grow_and_then_stay() -> None:
    pauses = [pause_after(attempts) for attempts in range(12)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[1], pauses[-1]) == (0.0, 0.5, 10.0)
