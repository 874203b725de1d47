"""Times and days as people send them: RFC 3339, or a time or day of the ISP's own calendar. Nothing else is guessed.

A day stands for its first moment, or where an end is meant, for the moment after its last.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from flask import g, has_request_context
from pydantic import BeforeValidator, WithJsonSchema

from admin_api.web.database import tenant
from models.subscriptions.calendar import LATEST_YEAR

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?")
_ANY_DAY: dict[str, Any] = {"type": "string", "format": "date"}
_ANY_MOMENT: dict[str, Any] = {"anyOf": [{"type": "string", "format": "date-time"}, _ANY_DAY]}


def _zone() -> ZoneInfo:
    """Of the ISP that the request works in; UTC outside of any."""
    inside = has_request_context() and g.get("isp_id") is not None
    return ZoneInfo(tenant().timezone if inside else "UTC")


def read_day(value: object) -> date:
    """`2030-01-31`; raises ValueError for anything else."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must be a day such as 2030-01-31")  # pydantic wants ValueError
    return date.fromisoformat(value)


def _read_moment(value: object, days_later: int) -> datetime:
    text = value if isinstance(value, str) else ""
    day, time = text[:10], text[10:]
    if not _DAY.fullmatch(day) or (time and not (time[0] in "Tt" and _TIME.fullmatch(time[1:]))):
        raise ValueError("must be a time such as 2030-01-31T12:00:00Z, or a day such as 2030-01-31")
    try:
        moment = datetime.fromisoformat(text.upper()) if time else _midnight(day, days_later)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=_zone())
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is no day or time of the calendar") from None
    if not 1970 <= moment.year <= LATEST_YEAR:
        raise ValueError(f"must lie between 1970 and {LATEST_YEAR}")
    return moment


def _midnight(day: str, days_later: int) -> datetime:
    return datetime.fromisoformat(day) + timedelta(days=days_later)


def _begin(value: object) -> datetime:
    return _read_moment(value, 0)


def _end(value: object) -> datetime:
    return _read_moment(value, 1)


Day = Annotated[date, BeforeValidator(read_day), WithJsonSchema(_ANY_DAY)]
#: A day is its first moment.
Moment = Annotated[datetime, BeforeValidator(_begin), WithJsonSchema(_ANY_MOMENT)]
#: A day is over at the next local midnight, exclusive.
EndMoment = Annotated[datetime, BeforeValidator(_end), WithJsonSchema(_ANY_MOMENT)]
