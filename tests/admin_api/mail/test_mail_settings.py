"""The mail server's settings, documents that are sent, and messages that are listed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.caller import Tenant

Rows = Callable[..., list[tuple[Any, ...]]]
SETTINGS, MAILS = "/api/billing/mail-settings", "/api/billing/mails"
SERVER = {"host": "mail.example.com", "username": "mailer", "password": "s3cret", "sender": "billing@example.com"}
SELLER = {"name": "Net Ltd", "address": "1 Tower Road", "country": "KE", "tax_id": "P0X"}


@pytest.fixture
def sending(tenant: Tenant) -> Tenant:
    """A tenant with a mail server."""
    assert tenant.admin.put(SETTINGS, SERVER).status == 200
    return tenant


def test_settings_are_saved_and_the_password_is_never_shown(tenant: Tenant, rows: Rows) -> None:
    assert tenant.viewer.get(SETTINGS).data["saved"] is False
    saved = tenant.admin.put(SETTINGS, SERVER | {"automatic": True})
    assert saved.status == 200, saved
    assert {"password", "s3cret"}.isdisjoint(saved.data | {value: 0 for value in saved.data.values()})
    assert (saved.data["has_password"], saved.data["automatic"], saved.data["security"]) == (True, True, "starttls")
    ((stored,),) = rows("select password from smtp_settings where isp_id = :isp", isp=tenant.id)
    assert str(stored).startswith("aes:")


@pytest.mark.parametrize("host", ["169.254.1.1", "localhost", "0x7f.1", "2130706433", "mail", "::ffff:10.0.0.1", ""])
def test_a_server_must_not_lead_into_our_own_network(tenant: Tenant, host: str) -> None:
    """Loopback written as an address is left to whoever listens on loopback, as these tests do."""
    saved = tenant.admin.put(SETTINGS, SERVER | {"host": host})
    if host in ("0x7f.1", "2130706433"):
        assert saved.status == 200
    else:
        assert (saved.status, list(saved.data["errors"])) == (422, ["host"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"security": "none"}, "security"),
        ({"username": None}, "password"),
        ({"password": None}, "password"),
        ({"port": 0}, "port"),
        ({"sender": "nobody"}, "sender"),
        ({"sender": "a@b.example\r\nBcc: c@d.example"}, "sender"),
        ({"security": "ssl"}, "security"),
    ],
)
def test_settings_that_do_not_fit_are_named(tenant: Tenant, change: dict[str, Any], field: str) -> None:
    refused = tenant.admin.put(SETTINGS, SERVER | change)
    assert (refused.status, list(refused.data["errors"])) == (422, [field])


def test_another_host_does_not_get_the_password(sending: Tenant) -> None:
    elsewhere = {"host": "elsewhere.example.com", "username": "mailer", "sender": "billing@example.com"}
    refused = sending.admin.put(SETTINGS, elsewhere)
    assert (refused.status, list(refused.data["errors"])) == (422, ["password"])


def test_a_document_is_sent_once_to_its_customer(sending: Tenant) -> None:
    billing = {"seller": SELLER, "tax": {"name": "VAT", "rate": "16"}, "invoicing": "each_charge"}
    assert sending.admin.put("/api/billing/settings", billing).status == 200
    customer = sending.customer(service_plan_id=None, email="jane@example.com")
    body = {"description": "Router", "unit_price": "10.00"}
    assert sending.staff.post(f"/api/billing/customers/{customer['id']}/charges", body).status == 201
    document = sending.admin.get("/api/billing/documents").data["items"][0]
    sent = sending.staff.post(f"/api/billing/documents/{document['id']}/send", {})
    assert (sent.status, sent.data["recipient"], sent.data["status"]) == (202, "jane@example.com", "pending")
    assert document["number"] in sent.data["subject"]
    again = sending.staff.post(f"/api/billing/documents/{document['id']}/send")
    assert again.data["id"] == sent.data["id"]
    listed = sending.viewer.get(f"{MAILS}?document_id={document['id']}").data
    assert [item["id"] for item in listed["items"]] == [sent.data["id"]]
    assert sending.viewer.get(f"{MAILS}?status=sent").data["items"] == []


def test_without_a_server_nothing_is_sent(tenant: Tenant) -> None:
    refused = tenant.admin.post(f"{SETTINGS}/test", {"to": "jane@example.com"})
    assert (refused.status, refused.code) == (409, "no_mail_settings")


def test_only_what_has_failed_is_tried_again(sending: Tenant, rows: Rows) -> None:
    mail = sending.admin.post(f"{SETTINGS}/test", {"to": "jane@example.com"}).data
    assert sending.staff.post(f"{MAILS}/{mail['id']}/retry").code == "not_failed"
    rows("update mails set status = 'failed', error = 'unknown_outcome', done_at = now(), attempts = 3 where id = :id"
         " returning id", id=mail["id"])  # fmt: skip
    tried = sending.staff.post(f"{MAILS}/{mail['id']}/retry")
    assert (tried.status, tried.data["status"], tried.data["attempts"], tried.data["error"]) == (
        202,
        "pending",
        0,
        None,
    )
