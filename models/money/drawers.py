"""Drawers: the cash that an operator holds until it is counted. In the caller's transaction; commits nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.audit_trail import record, snapshot
from models.money import ledger
from models.money.charges import local_day
from models.money.ledger import Cause, Movement
from models.refusals import Refused
from models.tables.isps import Isp
from models.tables.payments import Drawer


def open_drawer(session: Session, isp: Isp, now: datetime) -> Drawer:
    """The acting operator's open drawer; their first cash opens it. It stays open until the transaction ends."""
    operator = ledger.acting(session)
    query = select(Drawer).where(Drawer.isp_id == isp.id, Drawer.operator == operator, Drawer.closed_at.is_(None))
    while (drawer := session.scalar(query.with_for_update(read=True))) is None:
        session.execute(insert(Drawer).values(isp_id=isp.id, operator=operator, opened_at=now).on_conflict_do_nothing())
    return drawer


def account_of(session: Session, drawer: Drawer) -> int:
    """The drawer's account in the ledger."""
    return ledger.account(session, drawer.isp_id, "drawer", str(drawer.id))


def held(session: Session, drawer: Drawer) -> int:
    """What must be in it, in minor units."""
    return held_in(session, drawer.isp_id, [drawer.id]).get(drawer.id, 0)


def held_in(session: Session, isp_id: int, ids: Sequence[int]) -> dict[int, int]:
    """The same of many, in one statement."""
    balances = ledger.balances(session, isp_id, [f"drawer:{drawer}" for drawer in ids])
    return {int(code.partition(":")[2]): -amount for code, amount in balances.items()}


def close(session: Session, isp: Isp, drawer: Drawer, counted: int, note: str | None, now: datetime) -> Drawer:
    """The cash was counted and goes to the safe; what is missing or too much is written off, and stays visible."""
    session.refresh(drawer, with_for_update=True)
    if drawer.closed_at is not None:
        raise Refused("drawer_closed", "This drawer has been closed already.")
    before = snapshot(drawer)
    drawer.expected, drawer.counted, drawer.closed_at, drawer.note = held(session, drawer), counted, now, note
    session.flush()
    cause = Cause("drawer", drawer.id, local_day(isp, now))
    ledger.post(session, isp.id, cause, _movements(session, drawer, counted - drawer.expected))
    record(session, "close", drawer, before)
    return drawer


def _movements(session: Session, drawer: Drawer, surplus: int) -> list[Movement]:
    till, safe = account_of(session, drawer), ledger.account(session, drawer.isp_id, "clearing", "cash")
    written_off = ledger.account(session, drawer.isp_id, "write_off")
    movements = []
    if drawer.counted:
        movements.append(Movement(f"drawer:{drawer.id}:safe", safe, till, drawer.counted))
    if surplus < 0:
        movements.append(Movement(f"drawer:{drawer.id}:short", written_off, till, -surplus))
    if surplus > 0:
        movements.append(Movement(f"drawer:{drawer.id}:over", till, written_off, surplus))
    return movements
