"""A router has restarted: what it had open is over. It says so, or the boot counter in a new session's id does."""

from __future__ import annotations

from collections.abc import Iterable

from models.accounting.records import ROUTER_REBOOT, AccountingRecord, InferredStop
from radius_module.online.boot_counter import BootCounters, is_newer_boot
from radius_module.online.customer import OnlineCustomer
from radius_module.online.session import OnlineSession


class Restarts:
    """Knows the newest boot of each router."""

    def __init__(self) -> None:
        self._boots = BootCounters()

    def ends(self, customers: Iterable[OnlineCustomer], record: AccountingRecord, at: float) -> list[InferredStop]:
        """A session with the next boot counter in its id: sessions of the router's older boots are over."""
        boot = self._boots.restarted(record.device_id, (record.nas_address, record.router), record.session_id)
        if boot is None:
            return []
        service, counter = boot
        return [
            session.end(uid, at, ROUTER_REBOOT)
            for uid, session in _left_open(customers, record, at)
            if session.boot is not None and session.boot[0] == service and is_newer_boot(session.boot[1], counter)
        ]


def end_what_it_left(customers: Iterable[OnlineCustomer], record: AccountingRecord, at: float) -> None:
    """Accounting-On or -Off: what that router had open by then is over."""
    for uid, session in _left_open(customers, record, at):
        session.end(uid, at, ROUTER_REBOOT)


def _left_open(
    customers: Iterable[OnlineCustomer], record: AccountingRecord, at: float
) -> list[tuple[str, OnlineSession]]:
    """Sessions of that router, and of no other in the same network, that were not heard of after that moment."""
    return [
        (uid, session)
        for customer in customers
        for uid, session in customer.sessions.items()
        if not session.closed and session.updated <= at and session.is_on(record)
    ]
