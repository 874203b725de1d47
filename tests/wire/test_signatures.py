"""Message-Authenticator, shared secrets and Proxy-State: who may speak to the server at all (CVE-2024-3596)."""

from __future__ import annotations

import pytest

from tests.radius_client import Integrity, Name, Pap, text
from tests.wire.router import Router
from tests.wire.tenant import PASSWORD, Tenant

PROXY_STATES = [text(Name.PROXY_STATE, b"first\0\xff"), text(Name.PROXY_STATE, b"second")]


@pytest.mark.parametrize("integrity", [Integrity.ABSENT, Integrity.FALSE])
def test_a_request_without_a_valid_signature_is_dropped(tenant: Tenant, integrity: Integrity) -> None:
    tenant.system.expect_log(f"{tenant.router.address}.*(Message-Authenticator|ecurity)")
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
    tenant.system.expect_log(f"{old.address}.*Proxy-State")
    tenant.customer()
    unsigned = old.request("john", PASSWORD, integrity=Integrity.ABSENT, extra=PROXY_STATES)
    assert old.ignored(unsigned)
    signed = old.ask(old.request("john", PASSWORD, extra=PROXY_STATES))
    assert signed is not None and signed.accepted


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
