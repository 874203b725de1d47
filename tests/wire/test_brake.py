"""Guessing gets slow; the right password never does, and nobody else notices."""

from __future__ import annotations

import time

import pytest

from tests.radius_client import Credential
from tests.wire.router import proof
from tests.wire.tenant import PASSWORD, Tenant

AT_ONCE = 0.3


def seconds(tenant: Tenant, name: str, credential: Credential, accepted: bool) -> float:
    """How long the answer takes, which is to be the one expected."""
    tenant.system.settle()
    begun = time.monotonic()
    answer = tenant.router.login(name, credential, timeout=8.0)
    taken = time.monotonic() - begun
    assert answer.accepted is accepted
    return taken


@pytest.mark.parametrize("protocol", ["CHAP", "MS-CHAPv2"])
@pytest.mark.parametrize("name", ["john", "nobody"])
def test_wrong_answers_come_at_once_then_later_and_later(tenant: Tenant, name: str, protocol: str) -> None:
    tenant.customer("john")
    tenant.customer("jane")
    wrong, right = proof(protocol, name, "wrong"), proof(protocol, "john", PASSWORD)
    assert all(seconds(tenant, name, wrong, accepted=False) < AT_ONCE for _ in range(5))
    assert seconds(tenant, name, wrong, accepted=False) > 0.8
    assert seconds(tenant, "john", right, accepted=True) < AT_ONCE
    assert seconds(tenant, "jane", proof(protocol, "jane", "wrong"), accepted=False) < AT_ONCE
    assert seconds(tenant, "jane", proof(protocol, "jane", PASSWORD), accepted=True) < AT_ONCE


def test_refusals_with_the_right_password_are_never_slowed(tenant: Tenant) -> None:
    tenant.customer(status="suspended")
    credential = proof("PAP", "john", PASSWORD)
    assert max(seconds(tenant, "john", credential, accepted=False) for _ in range(12)) < AT_ONCE


def test_the_same_name_at_another_tenant_is_not_slowed(tenant: Tenant, other_tenant: Tenant) -> None:
    for isp in (tenant, other_tenant):
        isp.customer("john")
    wrong = proof("PAP", "john", "wrong")
    for _ in range(6):
        seconds(tenant, "john", wrong, accepted=False)
    assert seconds(other_tenant, "john", wrong, accepted=False) < AT_ONCE
