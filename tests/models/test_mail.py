"""What a message says, who gets which document, and what is written once."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import Any

import facturx
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models import Mail, SmtpSettings
from models.mail import attachments, letters, queue, server_settings
from models.mail.delivery import Account, Claimed
from models.mail.message import Attachment, compose
from models.money.paper.words import every_language
from models.refusals import Invalid, Refused
from models.secrets.keyring import Keyring
from tests.support.documents_world import DocumentsWorld

ACCOUNT = Account(
    "mail.net.example", 587, "starttls", None, None, "billing@net.example", 'Net, "Ltd"', "help@net.example"
)
MAIL = Claimed(1, None, "achieng@example.com", "Invoice INV-1", ".A line with a dot\nÑandú\n", "token", 1795824000.0)


@pytest.fixture
def world(session: Session) -> DocumentsWorld:
    return DocumentsWorld(session)


def save(session: Session, keyring: Keyring, isp_id: int, *, automatic: bool = False, **changes: Any) -> SmtpSettings:
    usual = {"host": "mail.net.example", "port": 587, "security": "starttls", "username": "mailer",
             "sender": "billing@net.example", "sender_name": "Net Ltd", "reply_to": None, "text": ""}  # fmt: skip
    password = changes.pop("password", "s3cret")
    return server_settings.save(session, keyring, isp_id, usual | changes, automatic=automatic, password=password)


def mails(session: Session, isp_id: int) -> list[Mail]:
    return list(session.scalars(select(Mail).where(Mail.isp_id == isp_id).order_by(Mail.id)))


def test_a_message_as_it_travels() -> None:
    octets = compose(ACCOUNT, MAIL, Attachment("INV/2026 1", b"%PDF-1.7\n\x80"))
    assert b"\n" not in octets.replace(b"\r\n", b"")
    message = message_from_bytes(octets, policy=policy.default)
    assert message["From"].addresses[0].display_name == 'Net, "Ltd"'
    assert message["Reply-To"] == "help@net.example"
    assert message["Message-ID"] == "<token@net.example>"
    assert message.get_body().get_content().splitlines() == MAIL.body.splitlines()
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("INV-2026-1.pdf", b"%PDF-1.7\n\x80")
    assert compose(ACCOUNT, MAIL, None) == compose(ACCOUNT, MAIL, None), "the same at every attempt"


def test_no_header_is_smuggled_in() -> None:
    octets = compose(ACCOUNT, MAIL._replace(subject="Hello\r\nBcc: everybody@example.com"), None)
    assert message_from_bytes(octets)["Bcc"] is None
    with pytest.raises(ValueError, match=r"."):
        compose(ACCOUNT, MAIL._replace(recipient="a@b.example\r\nBcc: everybody@example.com"), None)


@pytest.mark.parametrize("language", every_language())
def test_a_letter_in_each_language(language: str) -> None:
    letter = letters.about_document(language, "invoice", "INV-1", ("Net {name}", "Achieng {seller}"), "Our {document}.")
    assert letter.body.startswith("Our {document}.\n\n"), "nothing is filled into what others wrote"
    assert all(each in letter.body for each in ("INV-1", "Net {name}", "Achieng {seller}"))
    assert "INV-1" in letter.subject


def test_a_document_is_written_to_an_address_once(world: DocumentsWorld, keyring: Keyring) -> None:
    save(world.session, keyring, world.isp.id)
    world.customer.email = "achieng@example.com"
    world.charge_at(1000, "19")
    (document,) = world.issue()
    first = queue.send_document(world.session, world.isp, document)
    assert queue.send_document(world.session, world.isp, document, "Achieng@Example.com").id == first.id
    assert queue.send_document(world.session, world.isp, document, "other@example.com").id != first.id
    assert queue.send_document(world.session, world.isp, document, again=True).id != first.id
    assert (first.document_id, first.customer_id, first.status) == (document.id, world.customer.id, "pending")


def test_nobody_without_an_address_and_no_tenant_without_a_server(world: DocumentsWorld, keyring: Keyring) -> None:
    world.charge_at(1000, "19")
    (document,) = world.issue()
    world.customer.email = None
    with pytest.raises(Refused, match="mail server"):
        queue.send_document(world.session, world.isp, document)
    save(world.session, keyring, world.isp.id)
    with pytest.raises(Invalid, match="no e-mail address"):
        queue.send_document(world.session, world.isp, document)


def test_documents_are_sent_when_they_are_issued_and_once(world: DocumentsWorld, keyring: Keyring) -> None:
    session, isp_id = world.session, world.isp.id
    world.customer.email = "achieng@example.com"
    world.charge_at(1000, "19")
    world.issue()
    settings = save(session, keyring, isp_id, automatic=True)
    assert queue.queue_issued(session, settings) == 0, "what was issued before is not"
    world.charge_at(2000, "19")
    (second,) = world.issue()
    world.customer.email = None
    session.flush()
    assert queue.queue_issued(session, settings) == 1
    assert mails(session, isp_id) == [], "nobody to write to"
    world.customer.email = "achieng@example.com"
    world.charge_at(3000, "19")
    (third,) = world.issue()
    assert queue.queue_issued(session, settings) == 1
    assert queue.queue_issued(session, settings) == 0
    assert [mail.document_id for mail in mails(session, isp_id)] == [third.id]
    assert third.full_number is not None
    assert third.full_number in mails(session, isp_id)[0].subject
    assert second.chain_no == (settings.sent_through or 0) - 1
    assert save(session, keyring, isp_id, automatic=False, password=None).sent_through is None


def test_the_documents_file_goes_with_it(world: DocumentsWorld) -> None:
    world.charge_at(1000, "19")
    (document,) = world.issue()
    assert attachments.of(world.session, world.isp.id, None) is None
    attached = attachments.of(world.session, world.isp.id, document.id)
    assert attached is not None
    assert attached.name == document.full_number
    name, octets = facturx.get_xml_from_pdf(attached.pdf, check_xsd=True, check_schematron=False)
    assert name == "factur-x.xml"
    assert (document.full_number or "").encode() in octets
    assert attachments.of(world.session, world.isp.id, document.id) == attached, "rendered once"
    with pytest.raises(attachments.NoDocument):
        attachments.of(world.session, world.isp.id, document.id + 1)


def test_the_password_stays_for_the_same_server_and_login_alone(world: DocumentsWorld, keyring: Keyring) -> None:
    session, isp_id = world.session, world.isp.id
    kept = save(session, keyring, isp_id).password
    assert save(session, keyring, isp_id, password=None, port=465, security="tls").password == kept
    with pytest.raises(Invalid, match="asked for again"):
        save(session, keyring, isp_id, password=None, host="elsewhere.example")
    with pytest.raises(Invalid, match="asked for again"):
        save(session, keyring, isp_id, password=None, username="somebody else")
    with pytest.raises(Invalid, match="starttls or tls"):
        save(session, keyring, isp_id, security="none")
    assert save(session, keyring, isp_id, username=None, password=None, security="none").password is None


def test_the_password_is_kept_encrypted_and_out_of_the_audit_log(world: DocumentsWorld, keyring: Keyring) -> None:
    stored = save(world.session, keyring, world.isp.id).password or ""
    assert "s3cret" not in stored
    assert keyring.decrypt(stored, world.isp.id, "smtp_settings", world.isp.id) == "s3cret"
    logged = text("select after ->> 'password' from audit_log where isp_id = :isp and resource = 'smtp_settings'")
    assert world.session.scalar(logged, {"isp": world.isp.id}) == "***"


def test_a_failed_message_alone_is_tried_again(world: DocumentsWorld, keyring: Keyring) -> None:
    save(world.session, keyring, world.isp.id)
    mail = queue.send_test(world.session, world.isp, "achieng@example.com")
    with pytest.raises(Refused, match="failed"):
        queue.again(world.session, mail)
