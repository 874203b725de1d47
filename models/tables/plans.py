"""Service plans: what a tenant sells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Numeric, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created, Id, TenantKey, Updated, Yes
from models.timetable import Window


class ServicePlan(Base):
    """A plan. Either `validity_days` or `validity_months` is set; speeds are Mbit/s, the cap is octets."""

    __tablename__ = "service_plans"
    __table_args__ = (
        CheckConstraint("length(name) between 1 and 200", name="name_length"),
        CheckConstraint("price_minor >= 0", name="price_not_negative"),
        CheckConstraint("bandwidth_limit > 0 and bandwidth_limit <= 1000000", name="bandwidth_limit_range"),
        CheckConstraint("upload_limit > 0 and upload_limit <= 1000000", name="upload_limit_range"),
        CheckConstraint("throttle_bandwidth > 0 and throttle_bandwidth <= 1000000", name="throttle_bandwidth_range"),
        CheckConstraint("data_limit_bytes >= 0", name="data_limit_not_negative"),
        CheckConstraint("session_timeout between 1 and 357912", name="session_timeout_range"),
        CheckConstraint("idle_timeout between 1 and 357912", name="idle_timeout_range"),
        CheckConstraint("validity_days between 1 and 3650", name="validity_days_range"),
        CheckConstraint("validity_months between 1 and 120", name="validity_months_range"),
        CheckConstraint("(validity_days is null) <> (validity_months is null)", name="one_validity"),
        CheckConstraint("simultaneous_use between 1 and 1000", name="simultaneous_use_range"),
        CheckConstraint("on_too_many in ('refuse', 'replace_oldest')", name="on_too_many_known"),
        CheckConstraint("over_limit in ('block', 'throttle')", name="over_limit_known"),
        CheckConstraint("time_limit between 1 and 357912", name="time_limit_range"),
        CheckConstraint("infora_are_hours(hours)", name="hours_known"),
        CheckConstraint("clock in ('from_creation', 'from_first_login')", name="clock_known"),
        CheckConstraint("over_limit <> 'throttle' or throttle_bandwidth is not null", name="throttle_has_bandwidth"),
    )

    isp_id: Mapped[TenantKey]
    id: Mapped[Id]
    name: Mapped[str]
    description: Mapped[str | None]
    #: Of a period, in minor units of the tenant's currency.
    price_minor: Mapped[int] = mapped_column(server_default=text("0"))
    #: Download (and upload, where upload_limit is null).
    bandwidth_limit: Mapped[Decimal | None] = mapped_column(Numeric(10, 3))
    upload_limit: Mapped[Decimal | None] = mapped_column(Numeric(10, 3))
    #: Allowance of a period, octets; null: none, 0: nothing.
    data_limit_bytes: Mapped[int | None]
    #: Minutes.
    session_timeout: Mapped[int | None]
    #: Minutes.
    idle_timeout: Mapped[int | None]
    validity_days: Mapped[int | None]
    validity_months: Mapped[int | None]
    simultaneous_use: Mapped[int] = mapped_column(server_default=text("1"))
    on_too_many: Mapped[str] = mapped_column(server_default="refuse")
    over_limit: Mapped[str] = mapped_column(server_default="block")
    #: Both ways, where over_limit is `throttle`.
    throttle_bandwidth: Mapped[Decimal | None] = mapped_column(Numeric(10, 3))
    address_pool: Mapped[str | None]
    #: Windows of local time: `[{"from": "22:00", "to": "06:00", "weekdays": [1], "bandwidth_limit": 50,
    #: "upload_limit": 10, "counts": false}]`; without weekdays every day, without a rate the plan's, and it counts.
    hours: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    #: Minutes online of a period.
    time_limit: Mapped[int | None]
    #: When the first period of a new customer begins.
    clock: Mapped[str] = mapped_column(server_default="from_creation")
    is_active: Mapped[Yes]
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]

    def reply_attributes(self) -> list[tuple[str, str]]:
        """(attribute, value) of the plan's group in `radgroupreply`: what does not change from login to login."""
        attributes = [("Mikrotik-Rate-Limit", rate_limit(self.bandwidth_limit, self.upload_limit))]
        attributes.append(("Session-Timeout", None if self.session_timeout is None else str(self.session_timeout * 60)))
        attributes.append(("Idle-Timeout", None if self.idle_timeout is None else str(self.idle_timeout * 60)))
        attributes.append(("Framed-Pool", self.address_pool))
        return [(name, value) for name, value in attributes if value is not None]


def windows_of(hours: Sequence[Mapping[str, Any]] | None) -> tuple[Window, ...]:
    """A plan's hours as models.timetable takes them. One that ends when it begins is a whole day long.

    >>> windows_of([{"from": "22:00", "to": "06:30", "weekdays": [1, 7], "bandwidth_limit": 50, "counts": False}])
    ((1320, 1830, 65, '50M/50M', False),)
    """
    return tuple(_window(hour) for hour in hours or ())


def _window(hour: Mapping[str, Any]) -> Window:
    begin, end = (int(text[:2]) * 60 + int(text[3:]) for text in (hour["from"], hour["to"]))
    weekdays = sum({1 << (day - 1) for day in hour.get("weekdays") or range(1, 8)})
    speeds = [
        None if hour.get(name) is None else Decimal(str(hour[name])) for name in ("bandwidth_limit", "upload_limit")
    ]
    return begin, end if end > begin else end + 1440, weekdays, rate_limit(*speeds), hour.get("counts") is not False


def rate_limit(download_mbps: Decimal | None, upload_mbps: Decimal | None) -> str | None:
    """`Mikrotik-Rate-Limit`, router's view: `<upload>/<download>` in `M` or, where that is no whole number, in `k`.

    >>> rate_limit(Decimal("10"), Decimal("2.5"))
    '2500k/10M'
    """
    if download_mbps is None:
        return None
    return f"{_rate(upload_mbps if upload_mbps is not None else download_mbps)}/{_rate(download_mbps)}"


def _rate(mbps: Decimal) -> str:
    kbps = int(mbps * 1000)
    return f"{kbps // 1000}M" if kbps % 1000 == 0 else f"{kbps}k"
