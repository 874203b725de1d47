"""Message-Authenticator, shared secrets and Proxy-State: who may speak to the server at all (CVE-2024-3596)."""

from __future__ import annotations

import time

import pytest

from radius_module import status
from tests.radius_client import Integrity, Name, Pap, text
from tests.wire.router import PROTOCOLS, Router, proof
from tests.wire.tenant import PASSWORD, Tenant

PROXY_STATES = [text(Name.PROXY_STATE, b"first\0\xff"), text(Name.PROXY_STATE, b"second")]


@pytest.mark.parametrize("integrity", [Integrity.ABSENT, Integrity.FALSE])
def test_a_request_without_a_valid_signature_is_dropped(tenant: Tenant, integrity: Integrity) -> None:
    if integrity is Integrity.FALSE:
        tenant.system.expect_log(f"{tenant.router.address}.*Message-Authenticator")
    tenant.customer()
    tenant.login(tenant.customer("jane"))
    request = tenant.router.request("john", PASSWORD, integrity=integrity)
    assert tenant.router.ignored(request)
    assert [row.username for row in tenant.results(1)] == ["jane"]


def test_a_wrong_secret_is_dropped(tenant: Tenant) -> None:
    tenant.system.expect_log(f"{tenant.router.address}.*Message-Authenticator")
    tenant.customer()
    router = tenant.router
    stranger = Router(tenant.system, router.device_id, router.address, "another secret")
    assert stranger.ignored(stranger.request("john", PASSWORD))


def test_an_old_router_may_be_allowed_to_leave_the_signature_out(tenant: Tenant) -> None:
    old = tenant.add_router(require_message_authenticator=False)
    tenant.customer()
    answer = old.ask(old.request("john", PASSWORD, integrity=Integrity.ABSENT))
    assert answer is not None and answer.accepted
    wrong = old.ask(old.request("john", "wrong", integrity=Integrity.ABSENT))
    assert wrong is not None and not wrong.accepted


def test_an_old_router_that_signs_falsely_is_dropped_all_the_same(tenant: Tenant) -> None:
    old = tenant.add_router(require_message_authenticator=False)
    tenant.system.expect_log(f"{old.address}.*Message-Authenticator")
    tenant.customer()
    assert old.ignored(old.request("john", PASSWORD, integrity=Integrity.FALSE))


def test_a_proxy_state_needs_a_signature_even_from_an_old_router(tenant: Tenant) -> None:
    old = tenant.add_router(require_message_authenticator=False)
    tenant.customer()
    unsigned = old.request("john", PASSWORD, integrity=Integrity.ABSENT, extra=PROXY_STATES)
    assert old.ignored(unsigned)
    signed = old.ask(old.request("john", PASSWORD, extra=PROXY_STATES))
    assert signed is not None and signed.accepted


def _unsigned(tenant: Tenant) -> dict[int, int]:
    """Device → requests that were dropped for want of a signature, as the login process reports it each second."""
    time.sleep(1.3)
    state_dir = tenant.system.installation.settings.state_dir
    return {device_id: count for device_id, (count, _last) in status.unsigned_requests(state_dir).items()}


def test_unsigned_requests_are_counted_by_device(tenant: Tenant) -> None:
    old, other = tenant.add_router(require_message_authenticator=False), tenant.add_router()
    tenant.customer()
    for protocol in PROTOCOLS:
        request = tenant.router.request("john", proof(protocol, "john", PASSWORD), integrity=Integrity.ABSENT)
        assert tenant.router.ignored(request), protocol
    assert other.ignored(other.request("nobody", "x", integrity=Integrity.ABSENT))
    assert old.ignored(old.request("john", PASSWORD, integrity=Integrity.ABSENT, extra=PROXY_STATES))
    assert old.ask(old.request("john", PASSWORD, integrity=Integrity.ABSENT)) is not None
    assert other.ask(other.request("john", PASSWORD)) is not None
    counts = _unsigned(tenant)
    assert [counts.get(router.device_id) for router in (tenant.router, other, old)] == [len(PROTOCOLS), 1, 1]
    assert tenant.codes(2) == ["accept", "accept"], "nothing is recorded of what is dropped"


def test_what_a_device_may_leave_out_is_in_force_at_once(tenant: Tenant) -> None:
    tenant.customer()
    request = tenant.router.request("john", PASSWORD, integrity=Integrity.ABSENT)
    assert tenant.router.ignored(request)
    change = "update mikrotik_devices set require_message_authenticator = :must where id = :id"
    tenant.system.sql(change, must=False, id=tenant.router.device_id)
    answer = tenant.router.ask(tenant.router.request("john", PASSWORD, integrity=Integrity.ABSENT))
    assert answer is not None and answer.accepted
    tenant.system.sql(change, must=True, id=tenant.router.device_id)
    assert tenant.router.ignored(tenant.router.request("john", PASSWORD, integrity=Integrity.ABSENT))


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_proxy_states_come_back_as_they_went_in_their_order(tenant: Tenant, password: str) -> None:
    tenant.customer()
    answer = tenant.router.login("john", Pap(password.encode()), extra=PROXY_STATES)
    assert answer.reply.values(Name.PROXY_STATE) == [value for _name, value in PROXY_STATES]


@pytest.mark.parametrize("secret", ['back\\slash "quoted" %{User-Name}', "ends in a backslash\\", "geheim-für-alle-ß"])
def test_a_shared_secret_may_hold_any_character(tenant: Tenant, secret: str) -> None:
    router = tenant.add_router(secret=secret)
    tenant.customer()
    assert router.login("john", PASSWORD).accepted
