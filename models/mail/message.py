"""A message as it travels (RFC 5322). The same at every attempt: a receiver knows a repetition by its Message-ID."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import NamedTuple

from models.mail.delivery import Account, Claimed

_NO_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class Attachment(NamedTuple):
    name: str
    pdf: bytes


def compose(account: Account, mail: Claimed, attachment: Attachment | None) -> bytes:
    """Lines end in CRLF. Raises ValueError where an address or a header cannot be written."""
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(account.sender, account.sender_name)
    message["To"] = _address(mail.recipient)
    if account.reply_to:
        message["Reply-To"] = _address(account.reply_to)
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(datetime.fromtimestamp(mail.created, UTC))
    message["Message-ID"] = f"<{mail.token}@{account.sender.rpartition('@')[2]}>"
    # Nobody's holiday notice answers a machine (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body, cte="quoted-printable")
    if attachment is not None:
        name = _NO_FILE_NAME.sub("-", attachment.name).strip("-.") or "document"
        message.add_attachment(attachment.pdf, maintype="application", subtype="pdf", filename=f"{name}.pdf")
    return message.as_bytes()


def _address(address: str, name: str = "") -> Address:
    user, _, domain = address.rpartition("@")
    return Address(" ".join(name.split()), user, domain)
