"""Routers that come, go, are switched off, get new secrets or another owner."""

from __future__ import annotations

import time

from models import Isp, MikrotikDevice
from models.device_registry import delete_device, rotate_secret, update_device
from tests.radius_client import Integrity
from tests.wire.router import Router
from tests.wire.system import System
from tests.wire.tenant import PASSWORD, Tenant

SILENCE = 0.4
#: A rotated secret is in force (issue: within 10 s).
ROTATION = 10.0


def test_a_new_router_works_at_once(tenant: Tenant) -> None:
    """Also where its address has been refused a moment before."""
    tenant.customer()
    address = tenant.system.new_address()
    early = Router(tenant.system, 0, address, "the secret to be")
    assert early.ignored(early.request("john", PASSWORD))
    assert tenant.add_router(address=address, secret="the secret to be").login("john", PASSWORD).accepted


def test_a_removed_router_is_refused_at_once_and_soon_ignored(tenant: Tenant) -> None:
    john, router = tenant.customer(), tenant.router
    assert tenant.login(john).accepted
    with tenant.system.change() as session:
        delete_device(session, session.get_one(MikrotikDevice, (tenant.isp_id, router.device_id)))
    answer = router.ask(router.request("john", PASSWORD), timeout=SILENCE)
    assert answer is not None and not answer.accepted
    assert "not registered" in (answer.message or "")
    assert tenant.codes(2) == ["accept", "unknown_device"]
    deadline = time.monotonic() + ROTATION
    while not router.ignored(router.request("john", PASSWORD)):
        assert time.monotonic() < deadline


def test_a_disabled_router_is_refused_and_works_again_when_enabled(tenant: Tenant) -> None:
    john = tenant.customer()
    assert tenant.login(john).accepted
    tenant.set_device("status = 'disabled'")
    assert not tenant.login(john).accepted
    assert not tenant.login(john, "wrong").accepted
    tenant.set_device("status = 'active'")
    assert tenant.login(john).accepted
    assert tenant.codes(4) == ["accept", "unknown_device", "unknown_device", "accept"]


def test_a_router_that_was_never_enabled_gets_no_answer(tenant: Tenant) -> None:
    tenant.customer()
    router = tenant.add_router(status="disabled")
    assert router.ignored(router.request("john", PASSWORD))


def test_a_rotated_secret_counts_within_ten_seconds_and_the_old_one_no_longer(tenant: Tenant) -> None:
    john, old = tenant.customer(), tenant.router
    tenant.system.expect_log(f"{old.address}.*Message-Authenticator")
    assert tenant.login(john).accepted
    rotated = time.monotonic()
    with tenant.system.change() as session:
        device = session.get_one(MikrotikDevice, (tenant.isp_id, old.device_id))
        secret = rotate_secret(session, tenant.system.keyring, device)
    new = Router(tenant.system, old.device_id, old.address, secret)
    while new.ignored(new.request("john", PASSWORD)):
        assert time.monotonic() < rotated + ROTATION
    assert old.ignored(old.request("john", PASSWORD))


def test_a_signature_that_becomes_required_is_required_within_ten_seconds(tenant: Tenant) -> None:
    old = tenant.add_router(require_message_authenticator=False)
    tenant.system.expect_log(f"{old.address}.*(Message-Authenticator|ecurity)")
    john = tenant.customer()
    assert old.ask(old.request("john", PASSWORD, integrity=Integrity.ABSENT)) is not None
    changed = time.monotonic()
    with tenant.system.change() as session:
        isp = session.get_one(Isp, tenant.isp_id)
        device = session.get_one(MikrotikDevice, (tenant.isp_id, old.device_id))
        update_device(session, tenant.system.keyring, isp, device, {"require_message_authenticator": True})
    while not old.ignored(old.request("john", PASSWORD, integrity=Integrity.ABSENT)):
        assert time.monotonic() < changed + ROTATION
    assert tenant.login(john).accepted


def test_an_address_that_went_to_another_tenant_lets_nobody_in_by_the_old_secret(
    system: System, tenant: Tenant, other_tenant: Tenant
) -> None:
    """FreeRADIUS still has the old secret for a few seconds; it opens neither tenant."""
    tenant.customer("john", "first-password")
    other_tenant.customer("john", "second-password")
    old = tenant.router
    system.expect_log(f"{old.address}.*Message-Authenticator")
    assert old.login("john", "first-password").accepted
    with system.change() as session:
        delete_device(session, session.get_one(MikrotikDevice, (tenant.isp_id, old.device_id)))
    new = other_tenant.add_router(address=old.address)
    for password in ("first-password", "second-password"):
        answer = old.ask(old.request("john", password), timeout=SILENCE)
        assert answer is None or not answer.accepted
    moved = time.monotonic()
    while new.ignored(new.request("john", "second-password")):
        assert time.monotonic() < moved + ROTATION
    assert not new.login("john", "first-password").accepted


def test_a_router_whose_row_was_given_to_another_tenant_by_hand_opens_neither(
    system: System, tenant: Tenant, other_tenant: Tenant
) -> None:
    """Its secret is bound to the tenant it was made for, so it has to be set anew."""
    system.expect_log("the stored secret of mikrotik_devices")
    system.expect_log("authorize failed|Traceback|CredentialError")
    tenant.customer("john", "first-password")
    other_tenant.customer("john", "second-password")
    router = tenant.router
    assert router.login("john", "first-password").accepted
    system.sql("update mikrotik_devices set isp_id = :to where id = :id", to=other_tenant.isp_id, id=router.device_id)
    for password in ("first-password", "second-password"):
        answer = router.ask(router.request("john", password), timeout=SILENCE)
        assert answer is None or not answer.accepted
