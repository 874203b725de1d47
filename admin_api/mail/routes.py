"""A tenant's mail server is set and tried out; documents are sent; what became of them is listed."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from admin_api.access.authentication import allowed
from admin_api.mail.bodies import (
    MailOut,
    MailPage,
    MailQuery,
    MailSettingsIn,
    MailSettingsOut,
    SendIn,
    TestIn,
)
from admin_api.web.database import session, tenant, tenant_id, tenant_rows
from admin_api.web.errors import invalid
from admin_api.web.pages import page_of
from admin_api.web.parts import parts
from admin_api.web.route import answers, asks, documents, takes
from admin_api.web.rows import row as the_row
from models import Document, Mail, SmtpSettings
from models.mail import queue, server_settings
from models.network.addresses import check_host
from models.network.own_networks import database_networks

mail = APIBlueprint("mail", __name__, url_prefix="/api/billing", tag="E-mail")

_PLAIN = ("host", "port", "security", "username", "sender", "sender_name", "reply_to", "text")


@mail.get("/mail-settings")
@allowed("viewer")
@answers(MailSettingsOut)
def read() -> dict[str, Any]:
    """Read the settings of the ISP's mail server"""
    return _shown(server_settings.read(session(), tenant_id()))


@mail.put("/mail-settings")
@allowed("admin")
@takes(MailSettingsIn)
@answers(MailSettingsOut, message="Mail settings saved.")
def save(body: MailSettingsIn) -> dict[str, Any]:
    """Save the settings of the ISP's mail server. Its address follows the rules for devices' addresses"""
    settings = parts().settings
    try:
        check_host(body.host, database_networks(settings.database_url), loopback_allowed=settings.loopback_devices)
    except ValueError as wrong:
        invalid("host", str(wrong))
    values = {name: getattr(body, name) for name in _PLAIN}
    saved = server_settings.save(
        session(), parts().keyring, tenant_id(), values, automatic=body.automatic, password=body.password
    )
    return _shown(saved)


@mail.post("/mail-settings/test")
@documents(responses=[409])
@allowed("admin")
@takes(TestIn)
@answers(MailOut, 202, "A message is on its way.")
def test(body: TestIn) -> Mail:
    """Send a message that says that the settings work"""
    return queue.send_test(session(), tenant(), body.to)


@mail.post("/documents/<int:id>/send")
@documents(responses=[409])
@allowed("payments")
@the_row(Document)
@takes(SendIn)
@answers(MailOut, 202, "The document is on its way.")
def send(row: Document, body: SendIn) -> Mail:
    """Send a document to its customer; asked again, the same message"""
    return queue.send_document(session(), tenant(), row, body.to, again=body.again)


@mail.get("/mails")
@allowed("viewer")
@asks(MailQuery)
@answers(MailPage)
def index(query: MailQuery) -> dict[str, Any]:
    """List messages, the newest first"""
    wanted = tenant_rows(Mail)
    for name in ("customer_id", "document_id", "status"):
        if (value := getattr(query, name)) is not None:
            wanted = wanted.where(getattr(Mail, name) == value)
    return page_of(wanted.order_by(Mail.id.desc()), query, list)


@mail.post("/mails/<int:id>/retry")
@documents(responses=[409])
@allowed("payments")
@the_row(Mail)
@answers(MailOut, 202, "The message is tried again.")
def retry(row: Mail) -> Mail:
    """Try a message that has failed once more; one of unknown outcome may then arrive twice"""
    queue.again(session(), row)
    return row


def _shown(row: SmtpSettings | None) -> dict[str, Any]:
    if row is None:
        return {"saved": False}
    return {name: getattr(row, name) for name in _PLAIN} | {
        "saved": True, "has_password": row.password is not None, "automatic": row.sent_through is not None,
    }  # fmt: skip
