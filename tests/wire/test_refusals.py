"""Every reason to refuse: its sentence to the customer, its row in `radpostauth`, its place in the order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.wire.router import MAC, PROTOCOLS, proof
from tests.wire.tenant import PASSWORD, Person, Tenant

GB = 10**9
OTHER_MAC = "02:00:00:00:00:99"
Prepare = Callable[[Tenant, Person], None]

#: code → what is wrong, a word of the sentence that the customer reads.
REASONS: dict[str, tuple[Prepare, str]] = {
    "isp_suspended": (lambda tenant, _: tenant.set_isp("status = 'suspended'"), "suspended at the moment"),
    "suspended": (lambda tenant, john: tenant.set_customer(john, "status = 'suspended'"), "is suspended"),
    "expired": (lambda tenant, john: tenant.set_customer(john, "expires_at = now()"), "has expired"),
    "mac_mismatch": (lambda tenant, john: tenant.set_customer(john, "mac_address = :mac", mac=OTHER_MAC), "registered"),
    "quota_exceeded": (lambda tenant, john: tenant.has_used(john, 5 * GB), "used up"),
    "too_many_sessions": (lambda tenant, john: tenant.is_online(john, OTHER_MAC), "already in use"),
}  # fmt: skip


@pytest.mark.parametrize("code", REASONS)
def test_a_refusal_is_explained_to_the_customer_and_written_down(tenant: Tenant, code: str) -> None:
    john = tenant.on_plan("John", data_limit_bytes=5 * GB)
    prepare, words = REASONS[code]
    prepare(tenant, john)
    answers = [tenant.login(john, proof(protocol, "John", PASSWORD)) for protocol in PROTOCOLS]
    assert all(not answer.accepted and words in (answer.message or "") for answer in answers)
    for row in tenant.results(len(PROTOCOLS)):
        assert (row.username, row.reply, row.code, row.customer_id) == ("John", "Access-Reject", code, john.id)
        assert (row.device_id, row.nas_address, row.mac) == (tenant.router.device_id, tenant.router.address, MAC)
        assert not row.klass


def test_an_accept_is_written_down_with_the_class_that_was_sent(tenant: Tenant) -> None:
    john = tenant.customer()
    answer = tenant.login(john)
    (row,) = tenant.results(1)
    assert (row.reply, row.code, row.customer_id, row.mac) == ("Access-Accept", "accept", john.id, MAC)
    assert answer.klass is not None and len(answer.klass) == 23
    assert row.klass.removeprefix("0x") == answer.klass.hex()


def test_a_name_that_nobody_has_sounds_like_a_wrong_password_and_is_told_apart_in_the_books(tenant: Tenant) -> None:
    john = tenant.customer()
    answers = [
        tenant.router.login(name, proof(protocol, name, "wrong"))
        for name in ("nobody", "john")
        for protocol in PROTOCOLS
    ]
    assert len({(answer.accepted, answer.message) for answer in answers}) == 1
    shapes = [[name for name, _value in answer.reply.attributes] for answer in answers]
    assert shapes[: len(PROTOCOLS)] == shapes[len(PROTOCOLS) :]
    rows = tenant.results(2 * len(PROTOCOLS))
    assert [row.code for row in rows] == ["unknown_customer"] * len(PROTOCOLS) + ["bad_password"] * len(PROTOCOLS)
    assert [row.customer_id for row in rows] == [None] * len(PROTOCOLS) + [john.id] * len(PROTOCOLS)


@pytest.mark.parametrize("protocol", ["PAP", "CHAP", "MS-CHAPv2"])
def test_the_first_reason_in_the_order_is_the_one_that_is_told(tenant: Tenant, protocol: str) -> None:
    """Everything is wrong at once; then one thing after the other is put right."""
    sql = tenant.system.sql
    john = tenant.on_plan(data_limit_bytes=5 * GB)
    assert tenant.login(john).accepted
    for prepare, _words in REASONS.values():
        prepare(tenant, john)
    sql("update mikrotik_devices set status = 'disabled' where id = :id", id=tenant.router.device_id)
    sql("delete from radacct where customer_id = :id", id=john.id)
    tenant.is_online(john, OTHER_MAC)

    def attempt(name: str = "john", password: str = PASSWORD) -> None:
        assert not tenant.router.login(name, proof(protocol, name, password)).accepted

    attempt("nobody", "wrong")
    sql("update mikrotik_devices set status = 'active' where id = :id", id=tenant.router.device_id)
    attempt("nobody", "wrong")
    tenant.set_isp("status = 'active'")
    attempt("nobody", "wrong")
    attempt("john", "wrong")
    attempt()
    tenant.set_customer(john, "status = 'active'")
    attempt()
    tenant.set_customer(john, "expires_at = now() + interval '1 day'")
    attempt()
    tenant.set_customer(john, "mac_address = :mac", mac=MAC)
    attempt()
    tenant.has_used(john, 5 * GB - 1)
    attempt()
    tenant.goes_offline(john)
    assert tenant.router.login("john", proof(protocol, "john", PASSWORD)).accepted
    assert tenant.codes(11) == [
        "accept", "unknown_device", "isp_suspended", "unknown_customer", "bad_password", "suspended", "expired",
        "mac_mismatch", "quota_exceeded", "too_many_sessions", "accept",
    ]  # fmt: skip


def test_the_password_is_never_written_down(tenant: Tenant) -> None:
    john = tenant.customer(password="right-and-secret-1")
    for protocol in PROTOCOLS:
        tenant.login(john, proof(protocol, "john", "right-and-secret-1"))
        tenant.login(john, proof(protocol, "john", "wrong-and-secret-2"))
    tenant.results(2 * len(PROTOCOLS))
    state = tenant.system.installation.settings.state_dir
    for file in [*state.glob("spool/**/*"), *state.glob("log/**/*"), *state.glob("snapshot/**/*")]:
        if file.is_file():
            assert b"-and-secret-" not in file.read_bytes(), file
    rows = tenant.system.sql("select r::text from radpostauth r where isp_id = :isp", isp=tenant.isp_id)
    assert all("-and-secret-" not in row for (row,) in rows)
