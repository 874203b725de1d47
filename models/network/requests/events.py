"""Events: what a change means for open sessions, in the change's own transaction. Commits nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import ColumnElement, func, insert, literal, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from models.refusals import Refused
from models.tables.accounting import Radacct
from models.tables.customers import Customer
from models.tables.devices import MikrotikDevice
from models.tables.outbox import Outbox
from models.tables.plans import ServicePlan

REASONS = (
    "suspended", "isp_suspended", "expired", "quota_exceeded", "throttled", "topup", "renewed", "plan_changed",
    "too_many_sessions", "password_changed", "deleted", "device_removed", "by_hand", "time_of_day",
    "time_used_up",
)  # fmt: skip
OPEN = ("pending", "sent")
RATE, ALLOWANCE, TIMEOUT = "Mikrotik-Rate-Limit", "Mikrotik-Total-Limit", "Session-Timeout"
_OPEN_DISCONNECT = text("kind = 'disconnect' and status in ('pending', 'sent') and acctuniqueid is not null")


def disconnect(session: Session, customer: Customer, reason: str) -> None:
    """End the customer's sessions."""
    _add(session, customer, "disconnect", reason)


def change(
    session: Session, customer: Customer, reason: str, attributes: Sequence[str] = (), before: str | None = None
) -> None:
    """Bring the customer's sessions to what applies to them from here on.

    `attributes`: which of their login's attributes are no longer what they were, where the reason does not say so;
    `before`: the rate so far.
    """
    _add(session, customer, "coa", reason, {"attributes": list(attributes), "before": before} if attributes else {})


def change_all_on(
    session: Session, plan: ServicePlan, attributes: Sequence[str] = (RATE,), before: str | None = None
) -> None:
    """The same for every customer of a plan who is online, in one statement."""
    payload = literal({"attributes": list(attributes), "before": before}, Outbox.payload.type)
    online = (
        select(Customer.isp_id, Customer.id, literal("coa"), literal("plan_changed"), payload)
        .join(Radacct, (Radacct.isp_id == Customer.isp_id) & (Radacct.customer_id == Customer.id))
        .where(
            Customer.isp_id == plan.isp_id,
            Customer.service_plan_id == plan.id,
            Radacct.acctstoptime.is_(None),
        )
        .distinct()
    )
    session.execute(insert(Outbox).from_select(["isp_id", "customer_id", "kind", "reason", "payload"], online))


def disconnect_tenant(session: Session, isp_id: int) -> None:
    """End every session of a tenant."""
    session.add(Outbox(isp_id=isp_id, customer_id=None, kind="disconnect", reason="isp_suspended"))


def disconnect_device(session: Session, device: MikrotikDevice) -> None:
    """End every session at a device that is no longer served."""
    session.add(Outbox(isp_id=device.isp_id, device_id=device.id, kind="disconnect", reason="device_removed"))


def disconnect_sessions(session: Session, isp_id: int, which: ColumnElement[bool]) -> list[int]:
    """End the open sessions that fit, by hand: the requests' ids. One that is ending already has its request."""
    columns = ("isp_id", "customer_id", "device_id", "acctuniqueid", "session_month", "session_id", "username")
    wanted = select(
        Radacct.isp_id, Radacct.customer_id, Radacct.device_id, Radacct.acctuniqueid, Radacct.session_month,
        Radacct.acctsessionid, Radacct.username, literal("disconnect"), literal("by_hand"),
    ).where(
        Radacct.isp_id == isp_id, Radacct.acctstoptime.is_(None), Radacct.device_id.is_not(None), which
    )  # fmt: skip
    added = postgresql.insert(Outbox).from_select([*columns, "kind", "reason"], wanted)
    session.execute(
        added.on_conflict_do_nothing(index_elements=["isp_id", "acctuniqueid"], index_where=_OPEN_DISCONNECT)
    )
    requests = (
        select(Outbox.id)
        .join(Radacct, (Radacct.isp_id == Outbox.isp_id) & (Radacct.acctuniqueid == Outbox.acctuniqueid))
        .where(Outbox.isp_id == isp_id, Outbox.kind == "disconnect", Outbox.status.in_(OPEN))
        .where(Radacct.acctstoptime.is_(None), which)
        .order_by(Outbox.id)
    )
    return list(session.scalars(requests))


def again(session: Session, request: Outbox) -> None:
    """Try a request that has failed once more, from the beginning."""
    if request.status != "failed" or request.acctuniqueid is None:
        raise Refused("not_failed", "Only a request that has failed is tried again.")
    is_open = select(Radacct.acctuniqueid).where(
        Radacct.isp_id == request.isp_id,
        Radacct.acctuniqueid == request.acctuniqueid,
        Radacct.session_month == request.session_month,
        Radacct.acctstoptime.is_(None),
    )
    if session.scalar(is_open) is None:
        raise Refused("session_over", "The session of this request has ended.")
    same = select(Outbox.id).where(
        Outbox.isp_id == request.isp_id, Outbox.acctuniqueid == request.acctuniqueid,
        Outbox.kind == request.kind, Outbox.status.in_(OPEN),
    )  # fmt: skip
    if session.scalar(same.limit(1)) is not None:
        raise Refused("already_asked", "A later request of this kind for the same session is on its way.")
    request.status, request.attempts = "pending", 0
    request.error = request.error_cause = request.step = request.give_up_at = None
    request.sent_at = request.done_at = None
    request.next_attempt_at = func.now()
    session.flush()
    session.execute(select(func.pg_notify("infora_outbox", "")))


def withdraw(session: Session, customer: Customer, reasons: tuple[str, ...]) -> None:
    """What these reasons asked for, and has not been done yet, is no longer wanted."""
    session.execute(
        update(Outbox)
        .where(
            Outbox.isp_id == customer.isp_id,
            Outbox.customer_id == customer.id,
            Outbox.status == "pending",
            Outbox.reason.in_(reasons),
        )
        .values(status="failed", error="superseded", done_at=func.now())
    )


def _add(
    session: Session, customer: Customer, kind: str, reason: str, more: Mapping[str, object] = MappingProxyType({})
) -> None:
    payload = {"username": customer.username, **more}
    session.add(Outbox(isp_id=customer.isp_id, customer_id=customer.id, kind=kind, reason=reason, payload=payload))
