"""Words of a tenant's mail server and of the messages that are sent by it."""

from __future__ import annotations

_STATUS = "`pending`, `sending`, `sent` or `failed`."
MAIL_WORDS: dict[str, str] = {
    # The mail server.
    "host": "Name or address of the ISP's mail server (SMTP).",
    "port": "TCP port of the mail server.",
    "security": "`starttls`, `tls` from the first octet on, or `none`, which goes with no password.",
    "MailSettingsIn.username": "User name at the mail server; null: no login.",
    "MailSettingsOut.username": "User name at the mail server; null: no login.",
    "MailSettingsIn.password": (
        "Password at the mail server, write only; absent: the one that is kept, where host and user stay."
    ),
    "has_password": "Whether a password is kept.",
    "saved": "Whether the ISP has saved mail settings.",
    "sender": "Address that messages come from.",
    "sender_name": "Name beside that address.",
    "reply_to": "Address that answers go to; null: the sender's.",
    "MailSettingsIn.text": "What is written above the attachment.",
    "MailSettingsOut.text": "What is written above the attachment.",
    "automatic": "Whether documents are sent as they are issued, from now on.",
    # Messages.
    "TestIn.to": "Address that the test message goes to.",
    "SendIn.to": "Address that the document goes to; absent: the customer's own.",
    "again": "Whether it is sent even if it was sent to that address before.",
    "document_id": "Number (id) of the document that is attached; null: none.",
    "?document_id": "Only messages with the document of this number (id).",
    "recipient": "Address that the message goes to.",
    "subject": "Subject of the message.",
    "MailOut.status": _STATUS,
    "MailOut.error": "Why it was not sent, as a code; null: nothing went wrong.",
    "MailOut.answer": "What the mail server said, in its own words; null: nothing.",
    "attempts": "How many times it was tried.",
    "next_attempt_at": "When it is tried next, UTC.",
    "MailOut.done_at": "When it was sent or given up, UTC; null: neither yet.",
}
