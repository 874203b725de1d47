"""A router has restarted: what it had open is over. It says so, or the boot counter in a new session's id does."""

from __future__ import annotations

from threading import Lock

from models.accounting.records import ROUTER_REBOOT, AccountingRecord, InferredStop
from models.accounting.session import booked_at
from radius_module.online.boot_counter import Boot, is_newer_boot
from radius_module.online.by_router import SessionsByRouter

#: So many sessions are ended before logins get the lock: a tenth of a millisecond.
_SLICE = 100


def end_what_it_left(
    lock: Lock, by_router: SessionsByRouter, record: AccountingRecord, boot: Boot | None = None
) -> list[InferredStop]:
    """What the record's router had open by then is over; with a boot counter, what its older boots had of the service.

    Of no other router in the same network, and no session that was heard of after that moment.
    """
    at = booked_at(record)
    with lock:
        left = by_router.on_router_of(record, None if boot is None else boot[0])
    ends = []
    for begin in range(0, len(left), _SLICE):
        with lock:
            for session, uid in left[begin : begin + _SLICE]:
                if session.place is None or session.updated > at or not session.is_on(record):
                    continue
                if boot is None or (session.boot is not None and is_newer_boot(session.boot[1], boot[1])):
                    ends.append(session.end(uid, at, ROUTER_REBOOT))
                    by_router.put(uid, session)
    return ends
