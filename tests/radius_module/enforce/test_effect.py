"""What accounting shows of a request that was acknowledged, at, below and above what the rates allow."""

from __future__ import annotations

import pytest

from models.network.requests.outcomes import Acknowledged
from radius_module.enforce.judge.effect import GRACE, has_effect, rates

AT, SENT = 1000.0, 1010.0
MEGABYTE = 1_000_000


def coa(down: int, updated: float = SENT + 100, up: int = 0, **payload: object) -> Acknowledged:
    evidence = {"rate": "1M/8M", "before": "8M/80M", "octets": [0, 0], "at": AT} | payload
    return Acknowledged(1, 2, "coa", 3, "Ethernet", evidence, SENT, updated, up, down)


def disconnect(updated: float) -> Acknowledged:
    return Acknowledged(1, 2, "disconnect", 3, "Ethernet", {}, SENT, updated, 0, 0)


def test_a_session_that_is_reported_again_has_not_ended() -> None:
    assert has_effect(disconnect(SENT + GRACE)) is None, "it may have left before the answer"
    assert has_effect(disconnect(SENT + GRACE + 0.1)) is False


def test_octets_up_to_what_the_two_rates_allow_are_believed() -> None:
    # 10 s at 10 MB/s, 100 s at 1 MB/s, a quarter more and a burst.
    most = int((100 * MEGABYTE + 100 * MEGABYTE) * 1.25) + MEGABYTE
    assert has_effect(coa(most)) is True
    assert has_effect(coa(most + 1)) is False


def test_each_direction_is_judged_for_itself() -> None:
    most = int((10 * MEGABYTE + 12.5 * MEGABYTE) * 1.25) + MEGABYTE
    assert has_effect(coa(0, up=most)) is True
    assert has_effect(coa(0, up=most + 1)) is False


def test_a_session_that_was_as_fast_before_its_rate_was_raised_has_not_disobeyed() -> None:
    raised = {"before": "1M/8M", "rate": "8M/80M"}
    assert has_effect(coa(int(10 * MEGABYTE * 110 * 1.25), **raised)) is True
    assert has_effect(coa(int(10 * MEGABYTE * 110 * 1.25) + 2 * MEGABYTE, **raised)) is False


@pytest.mark.parametrize("payload", [{"before": None}, {"rate": None}, {"rate": "10M/10M 0/0 0/0 0/0 5"}, {"at": None},
                                     {"octets": None}])  # fmt: skip
def test_what_cannot_be_judged_is_believed(payload: dict[str, object]) -> None:
    assert has_effect(coa(10**12, **payload)) is True


@pytest.mark.parametrize(("text", "wanted"), [
    ("512k/2M", (64_000, 250_000)), ("8/16", (1, 2)), ("10M", None), ("", None), (None, None), ("a/b", None),
])  # fmt: skip
def test_rates_are_read_in_bits(text: object, wanted: object) -> None:
    assert rates(text) == wanted
