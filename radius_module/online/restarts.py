"""A router has restarted: what it had open is over. It says so, or the boot counter in a new session's id does."""

from __future__ import annotations

from threading import Lock

from models.accounting.records import ROUTER_REBOOT, AccountingRecord, InferredStop
from models.accounting.session import booked_at
from radius_module.online.boot_counter import Boot, BootCounters, is_newer_boot
from radius_module.online.by_router import SessionsByRouter

#: So many sessions are ended before logins get the lock: a tenth of a millisecond.
_SLICE = 100


class Restarts:
    """Knows the newest boot of each router. The lock is that of the sessions."""

    def __init__(self, lock: Lock, by_router: SessionsByRouter) -> None:
        self._lock, self._by_router, self._boots = lock, by_router, BootCounters()

    def newer_boot(self, record: AccountingRecord) -> Boot | None:
        """The boot in a new session's id, if it is newer than what the router had before. Under the lock."""
        return self._boots.restarted(record.device_id, (record.nas_address, record.router), record.session_id)

    def end_what_it_left(self, record: AccountingRecord, boot: Boot | None = None) -> list[InferredStop]:
        """What the record's router had open by then is over; with a boot, what its older boots had of the service.

        Of no other router in the same network, and no session that was heard of after that moment.
        """
        at = booked_at(record)
        with self._lock:
            left = self._by_router.on_router_of(record, None if boot is None else boot[0])
        ends = []
        for begin in range(0, len(left), _SLICE):
            with self._lock:
                for session, uid in left[begin : begin + _SLICE]:
                    if session.place is None or session.updated > at or not session.is_on(record):
                        continue
                    if boot is None or (session.boot is not None and is_newer_boot(session.boot[1], boot[1])):
                        ends.append(session.end(uid, at, ROUTER_REBOOT))
                        self._by_router.put(uid, session)
        return ends
