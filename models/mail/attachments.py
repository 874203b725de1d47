"""The file that goes with a message about a document: rendered, if nobody has asked for it before."""

from __future__ import annotations

from sqlalchemy.orm import Session

from models.mail.message import Attachment
from models.money.documents.papers import file_of
from models.refusals import Refused
from models.tables.documents import Document


class NoDocument(LookupError):
    """The message's document cannot be made a file of."""


def of(session: Session, isp_id: int, document_id: int | None) -> Attachment | None:
    """None: the message is about no document. Raises NoDocument, or ValueError for a text that cannot be printed."""
    if document_id is None:
        return None
    document = session.get(Document, (isp_id, document_id))
    if document is None:
        raise NoDocument(f"There is no document {document_id}.")
    try:
        return Attachment(document.full_number or document.kind, file_of(session, document).pdf)
    except Refused as refused:
        raise NoDocument(refused.message) from None
