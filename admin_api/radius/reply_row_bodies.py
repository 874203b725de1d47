"""Operators' own reply attributes, as sent and as shown."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from admin_api.web.pages import Page
from admin_api.web.types import Body, Shown, Text, unchanged

Operator = Literal["=", ":=", "+="]
AttributeName = Annotated[Text, Field(min_length=1, max_length=100)]
AttributeValue = Annotated[Text, Field(min_length=1, max_length=253)]


class AttributeIn(Body):
    """A reply attribute. `=`: unless there is one; `:=`: in place of what there is; `+=`: besides.

    Without an operator an attribute that may stand more than once (Framed-Route, say) is added, any other replaces.
    """

    attribute: AttributeName
    op: Operator | None = None
    value: AttributeValue


class AttributeChange(Body):
    """The fields that are given change."""

    op: Operator = unchanged()
    value: AttributeValue = unchanged()


class AttributeOut(Shown):
    """An operator's own reply attribute."""

    id: int
    attribute: str
    op: str
    value: str
    is_active: bool


class AttributePage(Page):
    items: list[AttributeOut]
