"""Messages that are to be sent: written in the caller's transaction, sent by the worker. Commits nothing."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.audit_trail import Actor, note
from models.mail import letters, server_settings
from models.mail.letters import Letter
from models.refusals import Invalid, Refused
from models.tables.customers import Customer
from models.tables.documents import Document
from models.tables.isps import Isp
from models.tables.mail import Mail, SmtpSettings

#: Documents looked at in one go.
_PIECE = 200


def send_document(
    session: Session, isp: Isp, document: Document, recipient: str | None = None, *, again: bool = False
) -> Mail:
    """The document to its customer, or to somebody else.

    What was written to that address before is not written twice, unless it is to be sent `again`.
    """
    settings = _settings(session, isp.id)
    customer = session.get(Customer, (isp.id, document.customer_id)) if document.customer_id else None
    address = recipient or (customer.email if customer else None)
    if not address:
        raise Invalid("to", "the customer has no e-mail address")
    key = f"document:{document.id}:{address.casefold()}"
    if again:
        key += f":{secrets.token_hex(4)}"
    return _write(session, settings, key, address, _letter(settings, document, customer), document)


def send_test(session: Session, isp: Isp, recipient: str) -> Mail:
    """A message that says that the settings work."""
    settings = _settings(session, isp.id)
    letter = letters.trial_letter(settings.sender_name or isp.name)
    return _write(session, settings, f"test:{secrets.token_hex(8)}", recipient, letter, None)


def again(session: Session, mail: Mail) -> None:
    """A failed message is tried once more, by somebody who knows that it may arrive twice."""
    if mail.status != "failed":
        raise Refused("not_failed", "Only a message that has failed is tried again.")
    mail.status, mail.error, mail.answer, mail.done_at, mail.attempts = "pending", None, None, None, 0
    mail.next_attempt_at = func.now()
    session.flush()
    session.refresh(mail)
    note(session, "retry", Mail.__tablename__, mail.id, mail.isp_id, {}, {"subject": mail.subject})


def queue_issued(session: Session, settings: SmtpSettings) -> int:
    """Documents that were issued since the last look, to customers who have an address. How many were looked at.

    A tenant's chain is in the order of commits: nothing is issued behind a place that was passed.
    """
    session.refresh(settings, with_for_update=True)
    if settings.sent_through is None:
        return 0
    issued = session.scalars(
        select(Document)
        .where(Document.isp_id == settings.isp_id, Document.chain_no > settings.sent_through)
        .order_by(Document.chain_no)
        .limit(_PIECE)
    ).all()
    for document in issued:
        customer = session.get(Customer, (settings.isp_id, document.customer_id)) if document.customer_id else None
        if customer is not None and customer.email:
            key = f"document:{document.id}:{customer.email.casefold()}"
            _write(session, settings, key, customer.email, _letter(settings, document, customer), document)
    if issued:
        settings.sent_through = issued[-1].chain_no
        session.flush()
    return len(issued)


def _settings(session: Session, isp_id: int) -> SmtpSettings:
    settings = server_settings.read(session, isp_id)
    if settings is None:
        raise Refused("no_mail_settings", "Save the settings of your mail server first.")
    return settings


def _letter(settings: SmtpSettings, document: Document, customer: Customer | None) -> Letter:
    seller = str(document.seller.get("name") or settings.sender_name)
    buyer = str(document.buyer.get("name") or "")
    language = (customer.language if customer else None) or ""
    number = document.full_number or ""
    return letters.about_document(language, document.kind, number, (seller, buyer), settings.text)


def _write(
    session: Session, settings: SmtpSettings, key: str, recipient: str, letter: Letter, document: Document | None
) -> Mail:
    values: dict[str, Any] = {
        "isp_id": settings.isp_id, "key": key, "recipient": recipient, "subject": letter.subject, "body": letter.body,
        "document_id": document.id if document else None, "customer_id": document.customer_id if document else None,
        "actor": session.info.get("actor", Actor("mailing")).name,
    }  # fmt: skip
    written = insert(Mail).values(values).on_conflict_do_nothing(index_elements=["isp_id", "key"]).returning(Mail.id)
    identity = session.scalar(written)
    if identity is not None:
        after = {"document_id": values["document_id"], "customer_id": values["customer_id"], "subject": letter.subject}
        note(session, "send", Mail.__tablename__, identity, settings.isp_id, {}, after)
    return session.scalars(select(Mail).where(Mail.isp_id == settings.isp_id, Mail.key == key)).one()
