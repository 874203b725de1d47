"""An operator corrects what a customer used in the current period. In the caller's transaction; commits nothing."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.audit_trail import record
from models.network import requests
from models.refusals import Invalid
from models.subscriptions.renewals import current_period
from models.tables.customers import Customer
from models.tables.isps import Isp
from models.tables.usage import Usage, UsageDaily
from models.tables.usage_corrections import UsageCorrection

#: What is corrected, and what of it stays as it is: traffic that does not count.
_DIRECTIONS = {"bytes_in": "uncounted_in", "bytes_out": "uncounted_out"}
#: A period has less; both directions together fit into 64 bits.
_MOST = 10**18


def correct(
    session: Session, isp: Isp, customer: Customer, now: datetime, *, bytes_in: int, bytes_out: int, reason: str
) -> UsageCorrection:
    """Signed octets onto the current period, and onto its days, the latest first. Never below 0: Invalid."""
    changes = {"bytes_in": bytes_in, "bytes_out": bytes_out}
    period_start = current_period(session, customer, now)[0]
    zone = ZoneInfo(isp.timezone)
    _add_to_period(session, customer, period_start, changes)
    _add_to_days(session, customer, (period_start.astimezone(zone).date(), now.astimezone(zone).date()), changes)
    correction = UsageCorrection(
        isp_id=customer.isp_id, customer_id=customer.id, period_start=period_start, reason=reason, **changes
    )
    session.add(correction)
    requests.change(session, customer, "by_hand")
    record(session, "create", correction)
    return correction


def _add_to_period(session: Session, customer: Customer, period_start: datetime, changes: dict[str, int]) -> None:
    key = {"isp_id": customer.isp_id, "customer_id": customer.id, "period_start": period_start}
    session.execute(insert(Usage).values(**key, bytes_in=0, bytes_out=0).on_conflict_do_nothing())
    row = session.scalars(select(Usage).filter_by(**key).with_for_update(key_share=True)).one()
    for name, uncounted in _DIRECTIONS.items():
        booked = getattr(row, name) - getattr(row, uncounted)
        if not 0 <= booked + changes[name] <= _MOST:
            raise Invalid(name, f"the current period has {booked} bytes, so this is too much")
        setattr(row, name, getattr(row, name) + changes[name])


def _add_to_days(session: Session, customer: Customer, days: tuple[date, date], changes: dict[str, int]) -> None:
    """What is added belongs to today; what is taken off, to the latest days of the period that have as much."""
    first, today = days
    key = {"isp_id": customer.isp_id, "customer_id": customer.id}
    session.execute(insert(UsageDaily).values(**key, day=today, bytes_in=0, bytes_out=0).on_conflict_do_nothing())
    rows = session.scalars(
        select(UsageDaily).filter_by(**key).where(UsageDaily.day.between(first, today))
        .order_by(UsageDaily.day.desc()).with_for_update(key_share=True)
    ).all()  # fmt: skip
    for name, uncounted in _DIRECTIONS.items():
        left = changes[name]
        for row in rows:
            piece = max(left, getattr(row, uncounted) - getattr(row, name))
            if piece:
                session.execute(
                    update(UsageDaily).filter_by(**key, day=row.day).values({name: getattr(row, name) + piece})
                )
            left -= piece
            if not left:
                break
