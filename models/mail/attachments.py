"""The file that goes with a message about a document."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.mail.message import Attachment
from models.tables.documents import Document, DocumentFile


class NoDocument(LookupError):
    """The message's document has no file."""


def of(session: Session, isp_id: int, document_id: int | None) -> Attachment | None:
    """None: the message is about no document. Raises NoDocument."""
    if document_id is None:
        return None
    document = session.get(Document, (isp_id, document_id))
    pdf = session.scalar(
        select(DocumentFile.pdf).where(DocumentFile.isp_id == isp_id, DocumentFile.document_id == document_id)
    )
    if document is None or pdf is None:
        raise NoDocument(f"Document {document_id} has no file.")
    return Attachment(document.full_number or document.kind, pdf)
