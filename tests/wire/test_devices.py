"""Devices that come, go, are switched off, get new secrets or another owner."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import pytest

from models import Isp, MikrotikDevice
from models.network.devices import delete_device, rotate_secret, update_device
from tests.radius_client import Integrity
from tests.wire.router import MAC, Router
from tests.wire.system import System
from tests.wire.tenant import PASSWORD, Tenant

SILENCE = 0.4
#: A changed secret, signature or owner is in force (issue: within 10 s).
IN_FORCE = 10.0


class Changed(NamedTuple):
    """Devices that FreeRADIUS knew when they were changed, all at one moment: it forgets them together."""

    at: float
    tenant: Tenant
    removed: Router
    #: With the old secret and with the new one.
    rotated: tuple[Router, Router]
    #: Was allowed to leave the signature out.
    unsigned: Router
    #: With the secret at its old tenant and at the new one.
    moved: tuple[Router, Router]

    def wait_until(self, done: Callable[[], bool]) -> None:
        """Within the time."""
        while not done():
            assert time.monotonic() < self.at + IN_FORCE


@pytest.fixture(scope="module")
def changed(system: System) -> Changed:
    """One router removed, one with a new secret, one that must sign from now on, one of another tenant now."""
    tenant, other = Tenant(system), Tenant(system)
    tenant.customer()
    other.customer("john", "second-password")
    removed, rotated, moved = (tenant.add_router() for _ in range(3))
    unsigned = tenant.add_router(require_message_authenticator=False)
    for router in (removed, rotated, moved, unsigned):
        system.expect_log(f"{router.address}.*(Message-Authenticator|ecurity|unknown client)")
        assert router.login("john", PASSWORD, mac=MAC).accepted
    with system.change() as session:
        isp = session.get_one(Isp, tenant.isp_id)
        rows = {router: session.get_one(MikrotikDevice, (isp.id, router.device_id)) for router in (removed, moved)}
        for row in rows.values():
            delete_device(session, row)
        secret = rotate_secret(session, system.keyring, session.get_one(MikrotikDevice, (isp.id, rotated.device_id)))
        lax = session.get_one(MikrotikDevice, (isp.id, unsigned.device_id))
        update_device(session, system.keyring, isp, lax, {"require_message_authenticator": True})
    news = Router(system, rotated.device_id, rotated.address, secret), other.add_router(address=moved.address)
    return Changed(time.monotonic(), tenant, removed, (rotated, news[0]), unsigned, (moved, news[1]))


def test_an_address_that_went_to_another_tenant_lets_nobody_in_by_the_old_secret(changed: Changed) -> None:
    """FreeRADIUS still has the old secret for a few seconds; it opens neither tenant."""
    old, new = changed.moved
    for password in (PASSWORD, "second-password"):
        answer = old.ask(old.request("john", password), timeout=SILENCE)
        assert answer is None or not answer.accepted
    changed.wait_until(lambda: not new.ignored(new.request("john", "second-password")))
    assert new.login("john", "second-password").accepted
    assert not new.login("john", PASSWORD).accepted


def test_a_removed_router_is_ignored_within_ten_seconds(changed: Changed) -> None:
    router = changed.removed
    changed.wait_until(lambda: router.ignored(router.request("john", PASSWORD)))


def test_a_rotated_secret_counts_within_ten_seconds_and_the_old_one_no_longer(changed: Changed) -> None:
    old, new = changed.rotated
    changed.wait_until(lambda: not new.ignored(new.request("john", PASSWORD)))
    assert new.login("john", PASSWORD).accepted
    assert old.ignored(old.request("john", PASSWORD))


def test_a_signature_that_becomes_required_is_required_within_ten_seconds(changed: Changed) -> None:
    router = changed.unsigned
    changed.wait_until(lambda: router.ignored(router.request("john", PASSWORD, integrity=Integrity.ABSENT)))
    assert router.login("john", PASSWORD).accepted


def test_a_new_router_works_at_once(tenant: Tenant) -> None:
    """Also where its address has been refused a moment before."""
    tenant.customer()
    address = tenant.system.new_address()
    early = Router(tenant.system, 0, address, "the secret to be")
    assert early.ignored(early.request("john", PASSWORD))
    assert tenant.add_router(address=address, secret="the secret to be").login("john", PASSWORD).accepted


def test_a_removed_router_is_refused_at_once(tenant: Tenant) -> None:
    """By the secret that FreeRADIUS still has; the customer is told something."""
    john, router = tenant.customer(), tenant.router
    tenant.system.expect_log(f"unknown client {router.address} ")
    assert tenant.login(john).accepted
    with tenant.system.change() as session:
        delete_device(session, session.get_one(MikrotikDevice, (tenant.isp_id, router.device_id)))
    answer = router.ask(router.request("john", PASSWORD), timeout=SILENCE)
    assert answer is not None and not answer.accepted
    assert "not registered" in (answer.message or "")
    assert tenant.codes(2) == ["accept", "unknown_device"]


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
