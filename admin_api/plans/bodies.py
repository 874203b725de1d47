"""Plans, as sent and as shown."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from typing_extensions import TypedDict

from admin_api.web.money import Amount, minor_of, shown_amount
from admin_api.web.pages import Page
from admin_api.web.types import (
    GB,
    Body,
    Gigabytes,
    Line,
    Mbps,
    Minutes,
    Name,
    Number,
    Shown,
    Text,
    Whole,
    octets,
    unchanged,
)

Clockface = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["22:00"])]
ClockfaceOrMidnight = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["06:00"])]
Weekday = Annotated[Whole, Field(ge=1, le=7)]
ValidityDays = Annotated[Whole, Field(ge=1, le=3650)]
ValidityMonths = Annotated[Whole, Field(ge=1, le=120)]
Sessions = Annotated[Whole, Field(ge=1, le=1000)]
OnTooMany = Literal["refuse", "replace_oldest"]
OverLimit = Literal["block", "throttle"]
Clock = Literal["from_creation", "from_first_login"]
Pool = Annotated[Line, Field(min_length=1)]


class HourIn(Body):
    """A window of local time: its speed (without one the plan's), and whether its traffic is part of the allowance.

    `to` before `from` is the next day's; both the same is a whole day. `weekdays`: 1 (Monday) to 7, on which it begins.
    """

    begin: Clockface = Field(alias="from")
    to: ClockfaceOrMidnight
    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7)] | None = None
    bandwidth_limit: Mbps | None = None
    upload_limit: Mbps | None = None
    counts: bool = True

    @model_validator(mode="after")
    def _whole_speed(self) -> HourIn:
        if self.upload_limit is not None and self.bandwidth_limit is None:
            raise ValueError("upload_limit needs a bandwidth_limit beside it")
        return self

    def stored(self) -> dict[str, Any]:
        """As the table holds it."""
        days = None if self.weekdays is None else sorted(set(self.weekdays))
        speeds = {name: _number(getattr(self, name)) for name in ("bandwidth_limit", "upload_limit")}
        return {"from": self.begin, "to": self.to, "weekdays": days, **speeds, "counts": self.counts}


def _number(speed: Decimal | None) -> float | int | None:
    """Exact: three digits behind the point at most."""
    return None if speed is None else int(speed) if speed == int(speed) else float(speed)


Hours = Annotated[list[HourIn], Field(max_length=48)]


#: A window of a plan's hours; `from` is a word of Python's.
HourOut = TypedDict("HourOut", {
    "from": str, "to": str, "weekdays": list[int] | None, "bandwidth_limit": Number | None,
    "upload_limit": Number | None, "counts": bool,
})  # fmt: skip
#: What is not said in one that was written by SQL.
_UNSAID = {"weekdays": None, "bandwidth_limit": None, "upload_limit": None, "counts": True}


class _Plan(Body):
    """What new and changed plans share: fields in the body's units, and their way into the table's."""

    @model_validator(mode="after")
    def _one_validity(self) -> _Plan:
        if getattr(self, "validity_days", None) is not None and getattr(self, "validity_months", None) is not None:
            raise ValueError("give validity_days or validity_months, not both")
        return self

    def columns(self) -> dict[str, Any]:
        """The given fields as columns of the table."""
        fields = self.given()
        if "data_limit" in fields:
            limit = fields.pop("data_limit")
            fields["data_limit_bytes"] = None if limit is None else octets(limit)
        if "price" in fields:
            fields["price_minor"] = minor_of(fields.pop("price"), "price")
        if "hours" in fields:
            fields["hours"] = [hour.stored() for hour in fields["hours"] or ()] or None
        return fields


class PlanIn(_Plan):
    """A new plan. Speeds in Mbit/s, `data_limit` in GB of 10^9 bytes (null: none, 0: nothing), times in minutes.

    `hours`: windows of local time, of which the first in the list holds; `time_limit`: minutes online of a period.
    `clock`: a new customer's first period begins when they are created, or with their first login.
    """

    name: Name
    description: Text | None = None
    price: Amount = Decimal(0)
    bandwidth_limit: Mbps | None = None
    upload_limit: Mbps | None = None
    data_limit: Gigabytes | None = None
    session_timeout: Minutes | None = None
    idle_timeout: Minutes | None = None
    validity_days: ValidityDays | None = None
    validity_months: ValidityMonths | None = None
    simultaneous_use: Sessions = 1
    on_too_many: OnTooMany = "refuse"
    over_limit: OverLimit = "block"
    throttle_bandwidth: Mbps | None = None
    address_pool: Pool | None = None
    hours: Hours | None = None
    time_limit: Minutes | None = None
    clock: Clock = "from_creation"
    is_active: bool = True


class PlanChange(_Plan):
    """The fields that are given change; customers of the plan who are online follow at once."""

    name: Name = unchanged()
    description: Text | None = None
    price: Amount = unchanged()
    bandwidth_limit: Mbps | None = None
    upload_limit: Mbps | None = None
    data_limit: Gigabytes | None = None
    session_timeout: Minutes | None = None
    idle_timeout: Minutes | None = None
    validity_days: ValidityDays | None = None
    validity_months: ValidityMonths | None = None
    simultaneous_use: Sessions = unchanged()
    on_too_many: OnTooMany = unchanged()
    over_limit: OverLimit = unchanged()
    throttle_bandwidth: Mbps | None = None
    address_pool: Pool | None = None
    hours: Hours | None = None
    time_limit: Minutes | None = None
    clock: Clock = unchanged()
    is_active: bool = unchanged()


class PlanOut(Shown):
    """A plan. `data_limit_bytes` is `data_limit` in octets, exact beyond what a JSON number shows."""

    id: int
    isp_id: int
    name: str
    description: str | None
    price: str
    bandwidth_limit: Number | None
    upload_limit: Number | None
    data_limit: Number | None
    data_limit_bytes: int | None
    session_timeout: int | None
    idle_timeout: int | None
    validity_days: int | None
    validity_months: int | None
    simultaneous_use: int
    on_too_many: OnTooMany
    over_limit: OverLimit
    throttle_bandwidth: Number | None
    address_pool: str | None
    hours: list[HourOut] | None
    time_limit: int | None
    clock: Clock
    is_active: bool
    created_at: datetime
    updated_at: datetime

    @model_validator(mode="before")
    @classmethod
    def _in_gigabytes(cls, row: Any) -> Any:  # noqa: ANN401  # a ServicePlan
        limit = row.data_limit_bytes
        shown = {name: getattr(row, name) for name in cls.model_fields if name not in ("data_limit", "price")}
        shown["price"] = shown_amount(row.price_minor)
        shown["hours"] = None if row.hours is None else [_UNSAID | hour for hour in row.hours]
        return shown | {"data_limit": None if limit is None else Decimal(limit) / GB}


class PlanPage(Page):
    items: list[PlanOut]
