"""Whose an accounting record is, from memory: by the rule of the books (models.accounting.batch_sessions)."""

from __future__ import annotations

import sys
from functools import lru_cache

from models.accounting.records import KNOWN_STATUSES, REBOOTS, AccountingRecord, InferredStop
from models.accounting.session import is_in_time_of
from models.accounting.session_id import SessionClass, identity, read_class
from radius_module.directory.contents import Directory
from radius_module.online.hours import table_of
from radius_module.online.line_rate import Line, line_rate
from radius_module.online.table import NOBODY, OnlineTable
from radius_module.rules.facts import Customer

#: The identifier of a session is worked out once for its records, where no more sessions than so many are on line.
_remembered_identity = lru_cache(1 << 16)(identity)


def apply_record(directory: Directory, online: OnlineTable, record: AccountingRecord) -> list[InferredStop]:
    """Take a record into the table of who is online; sessions that it shows to be over."""
    if record.status in REBOOTS:
        online.device_restarted(record)
        return []
    if record.status not in KNOWN_STATUSES:
        return []
    session_class = read_class(record.klass, record.received)
    name = record.username if session_class.login_time is None else b""
    uid = _remembered_identity(record.isp_id, record.device_id, record.session_id, session_class, name)
    customer = customer_of(directory, online, record, session_class, uid)
    if customer is None:
        known = online.owner(uid, session_class.customer_id)
        # Nobody, and whoever is gone, has no plan that could bound them.
        whose = NOBODY if known is None else known
        return online.apply_record(record, session_class, uid, whose, 0.0, Line(sys.maxsize))
    start, plan = customer.period_start(record.received), directory.plan(customer.plan_id)
    most = most_open(1 if plan is None else plan.simultaneous_use)
    line = Line(most, line_rate(plan), table_of(plan, directory.isp(record.isp_id)))
    return online.apply_record(record, session_class, uid, customer.id, start, line)


def customer_of(
    directory: Directory, online: OnlineTable, record: AccountingRecord, session_class: SessionClass, uid: str
) -> Customer | None:
    """Class says whom the session was granted to; else it is theirs who had the name when it began."""
    customers = directory.contents.customers
    owner = session_class.customer_id if session_class.customer_id is not None else online.owner(uid)
    if owner is not None:
        customer = customers.get(owner)
        return customer if customer is not None and customer.isp_id == record.isp_id else None
    customer = directory.customer(record.isp_id, record.username)
    if customer is None or not is_in_time_of(customer.created_at, record, session_class):
        return None
    return customer


def most_open(simultaneous_use: int) -> int:
    """Open sessions that a customer may have; more are kept as evidence."""
    return 2 * simultaneous_use + 20
