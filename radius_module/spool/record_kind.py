"""The kind of a record, for counts and metrics."""

from __future__ import annotations

from models.accounting.records import INTERIM, REBOOTS, START, STOP, AccountingRecord, AuthResult, Booked

STATUSES = frozenset((START, INTERIM, STOP, *REBOOTS))
OTHER = "other"


def kind_of(record: Booked) -> str:
    """`Start`, …; `login` for a login's result, `end` for a session that we took for over."""
    if isinstance(record, AccountingRecord):
        return kind_of_status(record.status)
    return "login" if isinstance(record, AuthResult) else "end"


def kind_of_status(status: str) -> str:
    """The same, of a record's Acct-Status-Type."""
    return status if status in STATUSES else OTHER
