"""Answers that the login process sends by itself: devices accept them, and they hold what FreeRADIUS would send."""

import pytest

from radius_module.replies import access_attributes, access_octets
from radius_module.rules.facts import Attribute, Grant
from tests.support.login_world import of_octets, of_pairs

CLASS = bytes(range(13))
PLAIN = Grant("1M/2M", None, 3600, None, None, None, ())
GRANTS = [
    PLAIN,
    PLAIN._replace(rate=None),
    PLAIN._replace(idle_timeout=600, pool='pool "1" \\ käse'),
    PLAIN._replace(address="10.255.0.9", pool="unused"),
    PLAIN._replace(allowance=1),
    PLAIN._replace(allowance=(1 << 32) - 1),
    PLAIN._replace(allowance=1 << 32),
    PLAIN._replace(allowance=10 * 10**12, session_timeout=0xFFFF_FFFF, idle_timeout=0xFFFF_FFFF),
    PLAIN._replace(pool="p" * 253, rate="r" * 247),
]


@pytest.mark.parametrize("grant", GRANTS, ids=str)
def test_it_holds_what_freeradius_would_send(grant: Grant) -> None:
    fixed = access_octets.same_for_all(grant)
    assert fixed is not None
    octets = access_octets.of_this_login(grant.session_timeout, grant.allowance, CLASS) + fixed
    assert of_octets(octets) == of_pairs(list(access_attributes.accept(grant, CLASS)))


@pytest.mark.parametrize(
    "grant",
    [PLAIN._replace(extra=(Attribute("Filter-Id", "=", "x"),)), PLAIN._replace(pool="p" * 254),
     PLAIN._replace(rate="r" * 248), PLAIN._replace(idle_timeout=1 << 32), PLAIN._replace(idle_timeout=-1)],
    ids=str,
)  # fmt: skip
def test_what_it_cannot_encode_is_left_to_freeradius(grant: Grant) -> None:
    assert access_octets.same_for_all(grant) is None


def test_a_refusal_has_its_sentence_and_mschaps_error() -> None:
    assert access_octets.refusal("käse", b"") == b"\x12\x07" + "käse".encode()
    error = b"\1E=691 R=1 C=00 V=3 M=no"
    assert of_octets(access_octets.refusal("no", error)) == [((311, 2), error), (18, b"no")]
