"""What callers send, taken by its letter: names, numbers and times. Nothing is guessed.

A name that nobody knows is an error that names the nearest one there is: a misspelt `data_limit` must not sell
unlimited traffic. Times are RFC 3339, or a time or day of the ISP's own calendar; a day stands for its first moment, or
where an end is meant, for the moment after its last.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Self, get_args
from zoneinfo import ZoneInfo

from flask import g, has_request_context
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, WithJsonSchema
from pydantic_core import InitErrorDetails, PydanticCustomError

from admin_api.web.database import tenant
from admin_api.web.plain_words import sentence
from models.subscriptions.calendar import LATEST_YEAR

_DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
#: Characters of a name, and names of a request, for which a nearest one is looked for.
_LONGEST_NAME, _MOST_NAMES = 60, 20
_WHOLE = re.compile(r"-?[0-9]{1,19}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?")
_ANY_DAY: dict[str, Any] = {"type": "string", "format": "date"}
_ANY_MOMENT: dict[str, Any] = {"anyOf": [{"type": "string", "format": "date-time"}, _ANY_DAY]}


class Strict(BaseModel):
    """A body or a query string. An error never repeats what was sent."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:  # noqa: ANN401  # as pydantic has it
        """As pydantic's; its errors are in plain words, and an unknown name is answered with the nearest."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError as wrong:
            raise _in_plain_words(wrong, cls) from None


class Query(Strict):
    """A query string."""


def unknown(name: str, known: Iterable[str]) -> str:
    """What is said of a name that is not among those known."""
    nearest = difflib.get_close_matches(name[:_LONGEST_NAME], known, n=1, cutoff=0.0)
    return f"is not known here; the nearest name is {nearest[0]}" if nearest else "is not known here"


def decimal_text(value: object) -> object:
    """A JSON number, or digits with a point; raises ValueError for every other way in which numbers are written."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError("must be a number such as 12.50")  # pydantic wants ValueError
    if isinstance(value, str) and not _DECIMAL.fullmatch(value):
        raise ValueError("must be a number such as 12.50")
    return value


def whole_text(value: object) -> object:
    """The same without a point."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError("must be a whole number such as 12")  # pydantic wants ValueError
    if isinstance(value, str) and not _WHOLE.fullmatch(value):
        raise ValueError("must be a whole number such as 12")
    return value


def _in_plain_words(wrong: ValidationError, model: type[BaseModel]) -> ValidationError:
    """The same errors as somebody reads them who knows the fields and not the validator."""
    details: list[InitErrorDetails] = []
    for error in wrong.errors(include_url=False, include_input=False):
        if error["type"] == "extra_forbidden":
            known = _names_at(model, error["loc"][:-1]) if len(details) < _MOST_NAMES else ()
            text = unknown(str(error["loc"][-1]), known)
        else:
            text = sentence(error["type"], error["msg"], error.get("ctx", {}))
        kind = PydanticCustomError(error["type"], "{text}", {"text": text})
        details.append(InitErrorDetails(type=kind, loc=error["loc"], input=None))
    return ValidationError.from_exception_data(wrong.title, details, hide_input=True)


def _names_at(model: type[BaseModel], place: tuple[int | str, ...]) -> tuple[str, ...]:
    """The fields of the object at that place of the body; places in a list are numbers."""
    for step in place:
        if isinstance(step, str):
            fields = {field.alias or name: field for name, field in model.model_fields.items()}
            inside = _model_in(fields[step].annotation) if step in fields else None
            if inside is None:
                return ()
            model = inside
    return tuple(field.alias or name for name, field in model.model_fields.items())


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401  # any field's type
    """The kind of object that a field holds, by itself or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part)) is not None), None)


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
