"""How PostgreSQL finds a batch's rows: by an index, however long the month has become."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, Engine

from models.accounting import booking, statements
from models.accounting.statements import numbers, texts
from tests.support.database import Tenant
from tests.support.reports_made import NOON, our_class, report

_MONTH = 4000
_BATCH = 1500


def plan(connection: Connection, statement: str, values: dict[str, str]) -> str:
    return "\n".join(row[0] for row in connection.exec_driver_sql("explain " + statement, values))


@pytest.fixture
def month(books: Engine, tenant: Tenant) -> Engine:
    """A month with sessions, of which the planner knows everything."""
    sent = [report(isp_id=tenant.isp_id, device_id=tenant.device_id, session_id=b"%08x" % number,
                   klass=our_class(NOON - 60, number), octets_in=number) for number in range(_MONTH)]  # fmt: skip
    with books.begin() as connection:
        booking.book(connection, sent)
    return books


def test_sessions_of_a_batch_are_looked_up(month: Engine, tenant: Tenant) -> None:
    wanted = range(_BATCH)
    with month.begin() as connection:
        values = {"isps": numbers(tenant.isp_id for _ in wanted), "ids": numbers(f"{at:032x}" for at in wanted),
                  "months": numbers("2026-03-01" for _ in wanted)}  # fmt: skip
        connection.exec_driver_sql(statements.LOOK_UP)
        for statement in (statements.SESSIONS_OF_MONTH, statements.SESSIONS_OF_ANY_MONTH):
            found = plan(connection, statement, values)
            assert "Index" in found
            assert "Seq Scan on radacct" not in found, found


def test_rows_that_a_batch_changes_are_looked_up(month: Engine, tenant: Tenant) -> None:
    each = range(_BATCH)
    ones, nulls = numbers(1 for _ in each), numbers(None for _ in each)
    names = ("customer", "started", "updated", "gap", "seconds", "octets_in", "octets_out", "clock", "old_updated",
             "old_in", "old_out")  # fmt: skip
    values = dict.fromkeys(names, ones) | dict.fromkeys(("stopped", "old_stopped"), nulls)
    values |= dict.fromkeys(("cause", "framed", "prefix", "delegated"), texts("" for _ in each))
    values |= {"isp": numbers(tenant.isp_id for _ in each), "uid": numbers(f"{at:032x}" for at in each),
               "month": numbers("2026-03-01" for _ in each)}  # fmt: skip
    with month.begin() as connection:
        connection.exec_driver_sql(statements.LOOK_UP)
        found = plan(connection, statements.UPDATE_SESSIONS, values)
        assert "Index" in found
        assert "Seq Scan on radacct" not in found, found


def test_a_batch_asks_for_it(books: Engine) -> None:
    with books.begin() as connection:
        booking.book(connection, [])
        assert [connection.exec_driver_sql(f"show {name}").scalar() for name in
                ("enable_mergejoin", "enable_hashjoin")] == ["off", "off"]  # fmt: skip
    with books.begin() as connection:
        assert connection.exec_driver_sql("show enable_mergejoin").scalar() == "on"
