"""A tenant that bills, in each test's own transaction."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.support.money_world import MoneyWorld


@pytest.fixture
def world(session: Session) -> MoneyWorld:
    return MoneyWorld(session)
