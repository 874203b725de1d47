"""A record of an Acct-Status-Type that says nothing of a session opens none, and the others are booked."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from models.accounting.booking import book
from models.accounting.records import START
from tests.support.database import Tenant
from tests.support.reports_made import report


@pytest.mark.parametrize("status", ["Failed", "Subsystem-On", "99", ""])
def test_an_unknown_status_opens_no_session(books: Engine, tenant: Tenant, status: str) -> None:
    of = {"isp_id": tenant.isp_id, "device_id": tenant.device_id}
    with books.begin() as connection:
        book(connection, [report(status, session_id=b"other", octets_in=10, **of), report(START, **of)])
    with books.begin() as connection:
        assert connection.scalars(text("select acctsessionid from radacct")).all() == ["80f00001"]
        assert connection.scalar(text("select count(*) from device_contacts")) == 1
