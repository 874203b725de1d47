"""The sessions that a batch touches: the state of each report's session, and its identity."""

from __future__ import annotations

from collections.abc import Iterable

from models.accounting.records import AccountingRecord, InferredStop
from models.accounting.session import NAMESAKE_AFTER, SessionState, began_at, booked_at
from models.accounting.session_id import NO_CLASS, SessionClass, month_of, read_class, unique_id

#: How many namesakes of one id are told apart; later ones count as the last.
_NAMESAKES = 64
Key = tuple[int, str]


class Chains:
    """The sessions that a batch touches, found by report and by device."""

    def __init__(self) -> None:
        self._states: dict[Key, SessionState] = {}
        self._ids: dict[tuple[int, int, bytes, SessionClass], str] = {}
        self._classes: dict[bytes, SessionClass] = {}

    def states(self) -> Iterable[SessionState]:
        return self._states.values()

    def add(self, state: SessionState) -> None:
        self._states.setdefault((state.isp_id, state.unique_id), state)

    def of_device(self, isp_id: int, device_id: int) -> list[SessionState]:
        return [one for one in self._states.values() if one.isp_id == isp_id and one.device_id == device_id]

    def class_of(self, report: AccountingRecord) -> SessionClass:
        """What the report's Class says."""
        found = self._classes.get(report.klass)
        if found is None:
            found = self._classes[report.klass] = read_class(report.klass, report.received)
        return found

    def of_end(self, end: InferredStop) -> SessionState | None:
        """The session that is to end, if the books have it."""
        return self._states.get((end.isp_id, end.unique_id))

    def of_report(self, report: AccountingRecord) -> SessionState:
        """The state of the report's session, a new one where there is none."""
        session_class = self.class_of(report)
        key = (report.isp_id, self.id_of(report, session_class))
        state = self._states.get(key)
        if state is None:
            login = session_class.login_time
            month = month_of(booked_at(report) if login is None else login)
            state = self._states[key] = SessionState(report.isp_id, key[1], month, report.device_id)
        if state.plain_id is None:
            state.plain_id = self._ids[report.isp_id, report.device_id, report.session_id, session_class]
        return state

    def id_of(self, report: AccountingRecord, session_class: SessionClass) -> str:
        """Identity of the report's session. Without a Class: the first of the id that was not over by then."""
        whose = (report.isp_id, report.device_id, report.session_id, session_class)
        found = self._ids.get(whose)
        if found is None:
            found = self._ids[whose] = unique_id(*whose)
        if session_class.login_time is not None:
            return found
        began, earlier = began_at(report, NO_CLASS), 0
        while self._is_before(report, found, began) and earlier < _NAMESAKES:
            earlier += 1
            found = unique_id(*whose, earlier)
        return found

    def _is_before(self, report: AccountingRecord, uid: str, began: float) -> bool:
        """Was that session over, and well over, when the report's began?"""
        state = self._states.get((report.isp_id, uid))
        return (state is not None and state.stopped is not None and state.is_over
                and began > state.stopped + NAMESAKE_AFTER)  # fmt: skip
