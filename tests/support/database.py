"""A real PostgreSQL with the schema and one tenant, for tests of the books."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from models import (
    Customer,
    DeviceContact,
    Isp,
    MikrotikDevice,
    Outbox,
    Quarantined,
    Radacct,
    Radpostauth,
    ServicePlan,
    SessionAlias,
    SpoolProgress,
    Subscription,
    Usage,
    UsageDaily,
    schema,
)
from models.db import make_engine
from service.testing import Installation, free_ports
from tests.support.reports_made import NOON

#: All that booking writes.
BOOKS = (Radacct, SessionAlias, Radpostauth, Usage, UsageDaily, Outbox, DeviceContact, SpoolProgress, Quarantined)


@contextmanager
def migrated(directory: Path) -> Iterator[Installation]:
    """A private cluster with the schema."""
    with Installation(directory, *free_ports()) as running:
        running.start_postgres()
        schema.upgrade(running.urls.owner)
        yield running


@contextmanager
def connections(url: str) -> Iterator[Engine]:
    """Of one role."""
    engine = make_engine(url, "tests")
    yield engine
    engine.dispose()


class Tenant(NamedTuple):
    """Ids of a tenant with one device, one plan of 10 GB and one customer."""

    isp_id: int
    device_id: int
    customer_id: int
    username: str


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def make_tenant(
    engine: Engine, name: str, *, address: str, username: str = "john", zone: str = "UTC",
    periods: tuple[float, ...] = (NOON - 86_400 * 20,), over_limit: str = "block", limit: int | None = 10**10,
) -> Tenant:  # fmt: skip
    """Make one; its customer's periods begin at the given moments."""
    with Session(engine) as session:
        isp = Isp(name=name, timezone=zone)
        session.add(isp)
        session.flush()
        device = MikrotikDevice(isp_id=isp.id, name=name, ip_address=address, radius_secret="none")
        plan = ServicePlan(
            isp_id=isp.id, name=name, bandwidth_limit=10, validity_days=30, data_limit_bytes=limit,
            over_limit=over_limit, throttle_bandwidth=1,
        )  # fmt: skip
        session.add_all([device, plan])
        session.flush()
        customer = Customer(
            isp_id=isp.id,
            username=username,
            service_plan_id=plan.id,
            expires_at=moment(periods[-1] + 30 * 86_400),
            created_at=moment(min(periods[0], NOON) - 86_400),
        )
        session.add(customer)
        session.flush()
        for start in periods:
            session.add(Subscription(isp_id=isp.id, customer_id=customer.id, service_plan_id=plan.id,
                                     period_start=moment(start), period_end=moment(start + 30 * 86_400)))  # fmt: skip
        session.commit()
        return Tenant(isp.id, device.id, customer.id, username)


def empty_books(engine: Engine) -> None:
    """All that was booked goes; tenants stay."""
    with engine.begin() as connection:
        tables = "; ".join(f"delete from {table.__tablename__}" for table in BOOKS)  # noqa: S608
        connection.exec_driver_sql(f"set local infora.origin = 'test'; {tables}")
