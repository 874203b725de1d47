"""The sessions that a batch touches: the state of each record's session, and its identity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from models.accounting.records import START, STOP, AccountingRecord, InferredStop
from models.accounting.session import NAMESAKE_AFTER, SessionState, began_at, booked_at, is_in_time_of, plain_id
from models.accounting.session_id import SessionClass, month_of, namesake_id, read_class

#: How many namesakes of one id are told apart; later ones count as the last.
_NAMESAKES = 64
Key = tuple[int, str]


class Entry(NamedTuple):
    """A record with what its Class says, and the identity of its session where namesakes are not told apart."""

    record: AccountingRecord
    session_class: SessionClass
    plain_id: str

    @property
    def key(self) -> Key:
        return self.record.isp_id, self.plain_id


class Owner(NamedTuple):
    """The customer whose a new session is, if it began in their time."""

    customer_id: int
    #: Epoch seconds; a session that began before is somebody else's who had the name.
    created_at: float
    #: Open sessions that the customer may have.
    most_open: int


class BatchSessions:
    """The sessions that a batch touches, found by record and by device."""

    def __init__(self) -> None:
        self._states: dict[Key, SessionState] = {}
        self._ids: dict[tuple[object, ...], str] = {}
        self._classes: dict[bytes, SessionClass] = {}
        #: Identity of a new session → whose it is; filled by the load.
        self.owners: dict[Key, Owner] = {}
        #: Identity that another Class gives → the session's own.
        self.aliases: dict[Key, str] = {}
        #: Open sessions by customer, those of the books and of this batch.
        self.open_counts: dict[int, int] = defaultdict(int)
        #: (customer, Acct-Session-Id) → sessions that may go on under another Class; filled where one is looked for.
        self._alike: dict[tuple[int | None, bytes | None], list[SessionState]] | None = None

    def states(self) -> Iterable[SessionState]:
        return self._states.values()

    def has(self, key: Key) -> bool:
        return key in self._states

    def count_open(self, state: SessionState, was_open: bool) -> None:
        """After news of a session: how many its customer has open now."""
        if state.customer_id is not None and was_open is not (state.stopped is None):
            self.open_counts[state.customer_id] += -1 if was_open else 1

    def add(self, state: SessionState) -> SessionState:
        """Add a state, unless there is one; the one that counts."""
        return self._states.setdefault((state.isp_id, state.unique_id), state)

    def of_router(self, restart: AccountingRecord) -> list[SessionState]:
        """Sessions of the router that says that it starts or stops: not of others in the same network."""
        isp_id = restart.isp_id
        return [state for state in self._states.values() if state.isp_id == isp_id and state.comes_from(restart)]

    def of_end(self, end: InferredStop) -> SessionState | None:
        """The session that is to end, if the books have it."""
        return self._states.get((end.isp_id, self.id_at(end.isp_id, end.unique_id, end.at)))

    def entry(self, record: AccountingRecord) -> Entry:
        """Class and identity of a record, worked out once for all packets of a session."""
        session_class = self._classes.get(record.klass)
        if session_class is None:
            session_class = self._classes[record.klass] = read_class(record.klass, record.received)
        name = record.username if session_class.login_time is None else b""
        identity = (record.isp_id, record.device_id, record.session_id, name, session_class)
        uid = self._ids.get(identity)
        if uid is None:
            uid = self._ids[identity] = plain_id(record, session_class)
        return Entry(record, session_class, uid)

    def of_entry(self, entry: Entry) -> SessionState:
        """The state of the record's session, a new one where there is none."""
        record, key = entry.record, self.key_of(entry)
        state = self._states.get(key)
        if state is None and record.status != START:
            state = self._under_another_class(entry)
            if state is not None:
                self.aliases[entry.key] = state.unique_id
                state.aliases.append(entry.plain_id)
                state.changed = True
        if state is None:
            state = self._new(entry, key)
        state.plain_id = state.plain_id or (entry.plain_id if entry.key not in self.aliases else None)
        return state

    def key_of(self, entry: Entry) -> Key:
        """Identity of the record's session. Without a Class: the first of the id that was not over by then."""
        isp_id, uid = entry.key
        if entry.key in self.aliases:
            return isp_id, self.aliases[entry.key]
        if entry.session_class.login_time is not None:
            return isp_id, uid
        return isp_id, self.id_at(isp_id, uid, began_at(entry.record, entry.session_class))

    def id_at(self, isp_id: int, plain: str, began: float) -> str:
        """Of the sessions that share an identity: the first that was not over, and well over, when it began."""
        uid, earlier = plain, 0
        while earlier < _NAMESAKES and self._was_over(isp_id, uid, began):
            earlier += 1
            uid = namesake_id(plain, earlier)
        return uid

    def _was_over(self, isp_id: int, uid: str, began: float) -> bool:
        state = self._states.get((isp_id, uid))
        return (state is not None and state.stopped is not None and state.is_over
                and began > state.stopped + NAMESAKE_AFTER)  # fmt: skip

    def _under_another_class(self, entry: Entry) -> SessionState | None:
        """The customer's session of the same router and id that this record continues (hostapd, with EAP)."""
        owner = self.owners.get(entry.key)
        if owner is None:
            return None
        if self._alike is None:
            self._alike = defaultdict(list)
            for state in self._states.values():
                self._alike[state.customer_id, state.session_id].append(state)
        alike = self._alike.get((owner.customer_id, entry.record.session_id), ())
        going_on = [state for state in alike if state.continues_in(entry.record)]
        return max(going_on, key=lambda state: state.updated or 0.0, default=None)

    def _new(self, entry: Entry, key: Key) -> SessionState:
        record, owner = entry.record, self.owners.get(entry.key)
        login = entry.session_class.login_time
        state = SessionState(record.isp_id, key[1], month_of(booked_at(record) if login is None else login),
                             record.device_id, nas_address=record.nas_address, router=record.router,
                             session_id=record.session_id)  # fmt: skip
        if owner is not None and (
            entry.session_class.customer_id is not None or is_in_time_of(owner.created_at, record, entry.session_class)
        ):
            state.customer_id = owner.customer_id
            self.open_counts[owner.customer_id] += 1
            state.is_beyond = record.status != STOP and self.open_counts[owner.customer_id] > owner.most_open
        self._states[key] = state
        if self._alike is not None:
            self._alike[state.customer_id, state.session_id].append(state)
        return state
