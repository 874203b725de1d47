"""What memory and books should come to in a changing world: a calculation of its own, from the histories alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from models.accounting.records import START, AccountingRecord
from radius_module.directory.owner import apply_record
from radius_module.online.table import NOBODY
from tests.support.changing_world import History, Story, World
from tests.support.reports_made import NOON, our_class


@dataclass
class Row:
    """A session as the books should have it."""

    owner: int | None
    octets_in: int = 0
    octets_out: int = 0


#: (Acct-Session-Id, Class as the history numbers it) → its row; rows of a session in the order in which they came.
Rows = dict[bytes, dict[bytes, Row]]


def play(made: World, story: Story) -> Rows:
    """Everything in its order; the sessions by the model."""
    model: Rows = {}
    waiting: list[Any] = []
    whose = {id(one): history for history in story.histories for one in history.arrivals}
    times = 2 if story.is_repeated else 1
    for event in story.events():
        if isinstance(event, AccountingRecord):
            history = whose.get(id(event))
            if history is not None:
                _expect(made, history, event, model.setdefault(event.session_id, {}))
            record = event if history is None else _granted(made, history, event)
            waiting.append(record)
            waiting += apply_record(made.directory, made.online, record)
        if not isinstance(event, AccountingRecord) or len(waiting) >= story.batch:
            made.book(waiting, times)
            waiting = []
        if not isinstance(event, AccountingRecord):
            made.change(*event)
    made.book(waiting, times)
    return model


def _granted(made: World, history: History, record: AccountingRecord) -> AccountingRecord:
    """The packet with its Class."""
    if not history.has_class:
        return record
    customer = made.granted[history.tenant, history.whose]
    return record._replace(klass=our_class(NOON - 60, int(record.klass), customer))


def _expect(made: World, history: History, record: AccountingRecord, rows: dict[bytes, Row]) -> None:
    """What the packet does to the session's row; another Class of a customer who is there goes on with the last."""
    row = rows.get(record.klass)
    if row is None:
        owner = _owner(made, history, record)
        last = list(rows.values())[-1] if rows else None
        goes_on = last is not None and record.status != START and owner is not None and last.owner == owner
        row = rows[record.klass] = last if goes_on and last is not None else Row(owner)
    row.octets_in, row.octets_out = max(row.octets_in, record.octets_in), max(row.octets_out, record.octets_out)


def _owner(made: World, history: History, record: AccountingRecord) -> int | None:
    if history.has_class:
        customer = made.granted[history.tenant, history.whose]
        return customer if customer in made.alive else None
    customer_id, created = made.names.get((history.tenant, record.username.decode()), (None, 0.0))
    in_time = created <= record.received and created <= record.received - (record.session_time or 0) + 3600
    return customer_id if in_time else None


def check(made: World, model: Rows) -> None:
    """Books, memory and histories agree."""
    with made.engine.connect() as connection:
        rows = connection.execute(text("select acctsessionid, customer_id, acctinputoctets, acctoutputoctets, "
                                       "acctstoptime is null from radacct")).all()  # fmt: skip
        usage = {row[0]: int(row[1]) for row in connection.execute(
            text("select customer_id, sum(bytes_in + bytes_out) from usage group by 1"))}  # fmt: skip
    wanted = [
        (session_id.decode(), row.owner, row.octets_in, row.octets_out)
        for session_id, by_class in model.items()
        for row in {id(row): row for row in by_class.values()}.values()
    ]
    assert sorted(map(repr, (tuple(row[:4]) for row in rows))) == sorted(map(repr, wanted)), "the sessions of the books"
    for customer in made.alive:
        created = made.directory.contents.customers[customer].created_at
        octets = sum(row[2] + row[3] for row in rows if row[1] == customer)
        remembered, _slots = made.online.usage_and_slots(customer, created, NOON)
        assert usage.get(customer, 0) == octets, "what the books bill"
        assert remembered == octets, "what memory takes for used"
    open_rows = sorted((row[1] or NOBODY, row[0].encode()) for row in rows if row[4])
    open_sessions = sorted((customer_id, session.session_id) for customer_id, customer in made.online._customers.items()
                           for session in customer.sessions.values() if not session.closed)  # fmt: skip
    assert open_sessions == open_rows, "which sessions are open"
