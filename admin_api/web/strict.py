"""What callers send, taken by its letter: a name that nobody knows is an error that names the nearest one there is.

A misspelt `data_limit` must not sell unlimited traffic.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

_DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
#: Characters of a name, and names of a request, for which a nearest one is looked for.
_LONGEST_NAME, _MOST_NAMES = 60, 20
_WHOLE = re.compile(r"-?[0-9]{1,19}")


class Strict(BaseModel):
    """A body or a query string. An error never repeats what was sent."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:  # noqa: ANN401  # as pydantic has it
        """As pydantic's; an unknown name is answered with the nearest."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError as wrong:
            names = [field.alias or name for name, field in cls.model_fields.items()]
            raise _with_nearest(wrong, tuple(names)) from None


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


def _with_nearest(wrong: ValidationError, known: tuple[str, ...]) -> ValidationError:
    details: list[InitErrorDetails] = []
    for error in wrong.errors(include_url=False, include_input=False, include_context=False):
        is_unknown = error["type"] == "extra_forbidden" and len(error["loc"]) == 1
        nearby = known if len(details) < _MOST_NAMES else ()
        text = unknown(str(error["loc"][0]), nearby) if is_unknown else error["msg"]
        kind = PydanticCustomError(error["type"], "{text}", {"text": text})
        details.append(InitErrorDetails(type=kind, loc=error["loc"], input=None))
    return ValidationError.from_exception_data(wrong.title, details, hide_input=True)
