"""A tenant that invoices, in each test's own transaction."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.support.documents_world import DocumentsWorld


@pytest.fixture
def world(session: Session) -> DocumentsWorld:
    return DocumentsWorld(session)
