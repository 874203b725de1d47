"""The sessions that a batch touches: the state of each record's session, and its identity."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from models.accounting.records import AccountingRecord, InferredStop
from models.accounting.session import NAMESAKE_AFTER, SessionState, began_at, booked_at
from models.accounting.session_id import NO_CLASS, SessionClass, month_of, read_class, unique_id

#: How many namesakes of one id are told apart; later ones count as the last.
_NAMESAKES = 64
Key = tuple[int, str]


class Entry(NamedTuple):
    """A record with what its Class says, and the identity of its session where nobody tells namesakes apart."""

    record: AccountingRecord
    session_class: SessionClass
    plain_id: str


class BatchSessions:
    """The sessions that a batch touches, found by record and by device."""

    def __init__(self) -> None:
        self._states: dict[Key, SessionState] = {}
        self._ids: dict[tuple[int, int, bytes, SessionClass], str] = {}
        self._classes: dict[bytes, SessionClass] = {}

    def states(self) -> Iterable[SessionState]:
        return self._states.values()

    def add(self, state: SessionState) -> None:
        self._states.setdefault((state.isp_id, state.unique_id), state)

    def of_device(self, isp_id: int, device_id: int) -> list[SessionState]:
        return [state for state in self._states.values() if state.isp_id == isp_id and state.device_id == device_id]

    def of_end(self, end: InferredStop) -> SessionState | None:
        """The session that is to end, if the books have it."""
        return self._states.get((end.isp_id, end.unique_id))

    def entry(self, record: AccountingRecord) -> Entry:
        """Class and identity of a record, worked out once for all packets of a session."""
        session_class = self._classes.get(record.klass)
        if session_class is None:
            session_class = self._classes[record.klass] = read_class(record.klass, record.received)
        identity = (record.isp_id, record.device_id, record.session_id, session_class)
        plain_id = self._ids.get(identity)
        if plain_id is None:
            plain_id = self._ids[identity] = unique_id(*identity)
        return Entry(record, session_class, plain_id)

    def of_entry(self, entry: Entry) -> SessionState:
        """The state of the record's session, a new one where there is none."""
        record, session_class, plain_id = entry
        key = (record.isp_id, self.id_of(entry))
        state = self._states.get(key)
        if state is None:
            login = session_class.login_time
            month = month_of(booked_at(record) if login is None else login)
            state = self._states[key] = SessionState(record.isp_id, key[1], month, record.device_id)
        state.plain_id = state.plain_id or plain_id
        return state

    def id_of(self, entry: Entry) -> str:
        """Identity of the record's session. Without a Class: the first of the id that was not over by then."""
        record, session_class, uid = entry
        if session_class.login_time is not None:
            return uid
        began, earlier = began_at(record, NO_CLASS), 0
        while self._is_before(record, uid, began) and earlier < _NAMESAKES:
            earlier += 1
            uid = unique_id(record.isp_id, record.device_id, record.session_id, session_class, earlier)
        return uid

    def _is_before(self, record: AccountingRecord, uid: str, began: float) -> bool:
        """Was that session over, and well over, when the record's began?"""
        state = self._states.get((record.isp_id, uid))
        return (state is not None and state.stopped is not None and state.is_over
                and began > state.stopped + NAMESAKE_AFTER)  # fmt: skip
