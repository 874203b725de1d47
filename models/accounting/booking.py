"""The books: a batch of records becomes radacct, usage, usage_daily, radpostauth and outbox, in one transaction.

What holds, whatever is repeated, delayed, reordered or done again after a crash (docs/decisions/0031-books.md):
a session's octets are the most that any of its packets said; the sums of `usage` and of `usage_daily` over a
customer's sessions are the sums of their octets; a batch that is booked twice changes nothing the second time.
The caller commits; after BookingConflict, they roll back and book the batch again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from models.accounting import statements as sql
from models.accounting.batch_sessions import BatchSessions, Entry
from models.accounting.records import (
    KNOWN_STATUSES,
    REBOOTS,
    ROUTER_REBOOT,
    WRONG_PASSWORD,
    AccountingRecord,
    AuthResult,
    Booked,
    InferredStop,
    readable,
)
from models.accounting.session import SessionState, booked_at, end, fold, keep_as_evidence
from models.accounting.session_rows import BookingConflict, load, store
from models.accounting.statements import numbers, texts
from models.accounting.usage_rows import LineRates, Total, count
from models.accounting.usage_split import Growth

#: For every node's login process (radius_module.guesses.booked). A NOTIFY holds 8000 octets.
_ANNOUNCE = """
select pg_notify('infora', 'guesses ' || isp || ' ' || string_agg(customer::text, ',') || ' -')
  from (select isp, customer, row_number() over (partition by isp order by customer) / 300 as part
          from unnest(%(isps)s::bigint[], %(customers)s::bigint[]) as wrong (isp, customer)) as parts
 group by isp, part
"""

__all__ = ["Booking", "BookingConflict", "Total", "book"]


class Booking(NamedTuple):
    """What a batch did: the sessions as they now are, and the periods that grew."""

    sessions: Sequence[SessionState]
    totals: Sequence[Total]


def book(connection: Connection, records: Sequence[Booked]) -> Booking:
    """Book a batch in the caller's transaction.

    Raises BookingConflict where another node was quicker with one of its sessions, and the database's errors.
    """
    connection.exec_driver_sql(sql.LOOK_UP)
    heard = [record for record in records if isinstance(record, AccountingRecord)]
    packets = [record for record in heard if record.status in KNOWN_STATUSES]
    ends = [record for record in records if isinstance(record, InferredStop)]
    restarts = [packet for packet in packets if packet.status in REBOOTS]
    sessions, entries = load(connection, packets, ends)
    grown = _fold(sessions, sorted([*entries, *ends, *restarts], key=_moment), LineRates(connection).of)
    states = list(sessions.states())
    totals = count(connection, grown)
    store(connection, [state for state in states if state.changed])
    _note_contacts(connection, heard, grown)
    _insert_results(connection, [record for record in records if isinstance(record, AuthResult)])
    return Booking(states, totals)


def _moment(event: Entry | InferredStop | AccountingRecord) -> float:
    if isinstance(event, InferredStop):
        return event.at
    return booked_at(event.record if isinstance(event, Entry) else event)


def _fold(
    sessions: BatchSessions,
    events: Sequence[Entry | InferredStop | AccountingRecord],
    rate_of: Callable[[SessionState, AccountingRecord], float],
) -> list[tuple[SessionState, Growth]]:
    """Take all events into their sessions, in the order of time; what grew."""
    grown = []
    for event in events:
        if isinstance(event, Entry):
            state = sessions.of_entry(event)
            growth = _take_in(sessions, state, event, rate_of)
            if growth is not None:
                grown.append((state, growth))
        elif isinstance(event, InferredStop):
            if (ended := sessions.of_end(event)) is not None:
                _end(sessions, ended, event.at, event.cause)
        else:
            for left_open in sessions.of_router(event):
                _end(sessions, left_open, booked_at(event), ROUTER_REBOOT)
    return grown


def _take_in(
    sessions: BatchSessions,
    state: SessionState,
    entry: Entry,
    rate_of: Callable[[SessionState, AccountingRecord], float],
) -> Growth | None:
    """A record into its session; what is to be billed of it."""
    was_open = state.stopped is None
    growth = fold(state, entry.record, entry.session_class, rate_of)
    if state.is_beyond or state.is_evidence:
        keep_as_evidence(state, booked_at(entry.record))
        growth = None
    sessions.count_open(state, was_open)
    return growth


def _end(sessions: BatchSessions, state: SessionState, at: float, cause: str) -> None:
    was_open = state.stopped is None
    end(state, at, cause)
    sessions.count_open(state, was_open)


def _note_contacts(
    connection: Connection, records: Sequence[AccountingRecord], grown: Sequence[tuple[SessionState, Growth]]
) -> None:
    """When each device was last heard of, and what its sessions grew by."""
    seen = {(state.isp_id, state.device_id): growth.end for state, growth in grown}
    seen |= {(record.isp_id, record.device_id): record.received for record in records}
    octets: dict[tuple[int, int], tuple[int, int]] = {}
    for state, growth in grown:
        octets_in, octets_out = octets.get((state.isp_id, state.device_id), (0, 0))
        octets[state.isp_id, state.device_id] = octets_in + growth.octets_in, octets_out + growth.octets_out
    if seen:
        traffic = [octets.get(device, (0, 0)) for device in seen]
        connection.exec_driver_sql(sql.NOTE_CONTACTS, {
            "isp": numbers(isp for isp, _ in seen), "device": numbers(device for _, device in seen),
            "seen": numbers(map(repr, seen.values())), "octets_in": numbers(both[0] for both in traffic),
            "octets_out": numbers(both[1] for both in traffic),
        })  # fmt: skip


def _insert_results(connection: Connection, results: Sequence[AuthResult]) -> None:
    """Store login results. Not idempotent by itself: the writer's progress is in the same transaction."""
    if not results:
        return
    connection.exec_driver_sql(
        sql.INSERT_RESULTS,
        {
            "isp": numbers(result.isp_id for result in results),
            "answered": numbers(repr(result.answered) for result in results),
            "name": texts(readable(result.username) for result in results),
            "customer": numbers(result.customer_id for result in results),
            "device": numbers(result.device_id for result in results),
            "nas": texts(result.nas_address for result in results),
            "mac": texts(result.mac for result in results),
            "reply": texts(result.reply for result in results),
            "code": texts(result.code for result in results),
            "class": texts(result.klass.hex() for result in results),
        },
    )
    _announce_wrong(connection, results)


def _announce_wrong(connection: Connection, results: Sequence[AuthResult]) -> None:
    """Whose wrong passwords were booked: news with the commit; none where nobody was wrong."""
    wrong = {(result.isp_id, result.customer_id) for result in results if result.code == WRONG_PASSWORD}
    known = [(isp_id, customer_id) for isp_id, customer_id in wrong if customer_id is not None]
    if known:
        isps, customers = map(list, zip(*known, strict=True))
        connection.exec_driver_sql(_ANNOUNCE, {"isps": isps, "customers": customers})
