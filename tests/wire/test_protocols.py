"""Four protocols, right and wrong passwords, and the ways in which a password may be kept."""

from __future__ import annotations

import pytest

from tests.radius_client import (
    MICROSOFT,
    Attribute,
    Chap,
    Microsoft,
    MsChap1,
    MsChap2,
    Name,
    Pap,
    check_mschap2_success,
    vendor,
)
from tests.wire.router import PROTOCOLS, Answer, proof
from tests.wire.tenant import PASSWORD, Person, Tenant

WRONG = "The user name or the password is wrong."


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_right_password_is_accepted_and_a_wrong_one_refused(tenant: Tenant, protocol: str) -> None:
    john = tenant.customer()
    assert tenant.login(john, proof(protocol, "john", PASSWORD)).accepted
    for wrong in ("Customer123", "customer1234", "customer12", "customer123 ", "x"):
        answer = tenant.login(john, proof(protocol, "john", wrong))
        assert (answer.accepted, answer.message) == (False, WRONG), wrong
    assert tenant.login(john, proof(protocol, "john", PASSWORD)).accepted
    assert tenant.codes(7) == ["accept", *["bad_password"] * 5, "accept"]


def test_the_server_proves_by_mschapv2_that_it_knows_the_password_too(tenant: Tenant) -> None:
    john = tenant.customer()
    credential = MsChap2(b"john", PASSWORD)
    check_mschap2_success(tenant.login(john, credential).reply, credential)


def test_mschapv2_is_proved_for_the_name_as_it_was_sent(tenant: Tenant) -> None:
    tenant.customer("John@Example.com")
    credential = MsChap2(b"jOHN@eXAMPLE.COM", PASSWORD)
    check_mschap2_success(tenant.router.login("jOHN@eXAMPLE.COM", credential).reply, credential)
    assert not tenant.router.login("john@example.com", MsChap2(b"jane@example.com", PASSWORD)).accepted


KEPT_AS = {
    "encrypted": ("PAP", "CHAP", "CHAP with a challenge", "MS-CHAPv1", "MS-CHAPv2"),
    "nt_password": ("PAP", "MS-CHAPv1", "MS-CHAPv2"),
    "ssha512": ("PAP",),
}


@pytest.mark.parametrize("storage", KEPT_AS)
def test_each_protocol_works_with_the_storage_that_allows_it(tenant: Tenant, storage: str) -> None:
    john = tenant.customer(credential_storage=storage)
    for protocol in PROTOCOLS:
        answer = tenant.login(john, proof(protocol, "john", PASSWORD))
        assert answer.accepted is (protocol in KEPT_AS[storage]), protocol
    for protocol in KEPT_AS[storage]:
        assert not tenant.login(john, proof(protocol, "john", "wrong")).accepted, protocol


@pytest.mark.parametrize("storage", ["nt_password", "ssha512"])
def test_what_is_kept_is_not_a_password(tenant: Tenant, storage: str) -> None:
    john = tenant.customer(credential_storage=storage)
    ((stored,),) = tenant.system.sql("select value from radcheck where customer_id = :id", id=john.id)
    assert PASSWORD not in stored
    for protocol in ("PAP", "CHAP"):
        assert not tenant.login(john, proof(protocol, "john", stored[:128])).accepted


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_clear_password_that_an_operator_put_into_radcheck_counts(tenant: Tenant, protocol: str) -> None:
    john = tenant.customer()
    tenant.system.sql(
        "insert into radcheck (isp_id, username, attribute, op, value)"
        " values (:isp, 'john', 'Cleartext-Password', ':=', 'by hand')",
        isp=tenant.isp_id,
    )
    assert tenant.login(john, proof(protocol, "john", "by hand")).accepted
    assert not tenant.login(john, proof(protocol, "john", PASSWORD)).accepted


def test_a_login_without_any_proof_is_refused(tenant: Tenant) -> None:
    john = tenant.customer()

    def with_only(*attributes: Attribute) -> Answer:
        return tenant.router.login("john", lambda _authenticator, _secret: list(attributes))

    response = bytes((1, 0)) + bytes(48)
    assert not with_only().accepted
    assert not with_only((Name.CHAP_PASSWORD.value, b"\x01")).accepted
    assert not with_only((Name.CHAP_PASSWORD.value, bytes(17))).accepted
    assert not with_only(vendor(MICROSOFT, (Microsoft.CHAP2_RESPONSE.value, response))).accepted
    assert not with_only(vendor(MICROSOFT, (Microsoft.CHAP_RESPONSE.value, response))).accepted
    assert tenant.login(john).accepted
    assert tenant.codes(6) == [*["bad_password"] * 5, "accept"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_refusal_after_the_right_password_carries_nothing_of_an_accept(tenant: Tenant, protocol: str) -> None:
    john: Person = tenant.customer(status="suspended")
    answer = tenant.login(john, proof(protocol, "john", PASSWORD))
    assert not answer.accepted
    names = [name for name, _value in answer.reply.attributes]
    assert names == [Name.MESSAGE_AUTHENTICATOR, Name.REPLY_MESSAGE]


def test_an_empty_password_is_nobodys(tenant: Tenant) -> None:
    john = tenant.customer()
    for credential in (Pap(b""), Chap(b""), MsChap1(""), MsChap2(b"john", "")):
        assert not tenant.login(john, credential).accepted
    router, empty = tenant.router, (Name.USER_PASSWORD.value, b"")
    assert not router.login("john", lambda _authenticator, _secret: [empty]).accepted
    assert tenant.codes(5) == ["bad_password"] * 5
