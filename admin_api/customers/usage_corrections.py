"""Corrections of what a customer used: an operator's own octets on top of, or off, what the routers reported."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from apiflask import APIBlueprint
from pydantic import Field, model_validator

from admin_api.access.authentication import allowed
from admin_api.web.database import now, session, tenant, tenant_rows
from admin_api.web.pages import Page, PageQuery, page_of
from admin_api.web.route import answers, asks, takes
from admin_api.web.rows import row as the_row
from admin_api.web.types import Body, Shown
from models import Customer, UsageCorrection
from models.subscriptions.usage_corrections import correct

corrections = APIBlueprint("usage_corrections", __name__, url_prefix="/api/billing/customers", tag="Customers")

_SignedBytes = Annotated[int, Field(strict=True, ge=-(10**18), le=10**18)]


class CorrectionIn(Body):
    """Octets to add to the current period (or, negative, to take off), and why. At least one is not 0."""

    bytes_in: _SignedBytes = 0
    bytes_out: _SignedBytes = 0
    reason: Annotated[str, Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def changes_something(self) -> CorrectionIn:
        if not self.bytes_in and not self.bytes_out:
            raise ValueError("bytes_in or bytes_out must not be 0")
        return self


class CorrectionOut(Shown):
    """A correction; `period_start` names the period."""

    id: int
    customer_id: int
    period_start: datetime
    bytes_in: int
    bytes_out: int
    reason: str
    created_at: datetime


class CorrectionPage(Page):
    items: list[CorrectionOut]


@corrections.get("/<int:id>/usage-corrections")
@allowed("viewer")
@the_row(Customer)
@asks(PageQuery)
@answers(CorrectionPage)
def index(row: Customer, query: PageQuery) -> dict[str, Any]:
    """List the corrections of a customer's usage, the newest first"""
    wanted = tenant_rows(UsageCorrection).where(UsageCorrection.customer_id == row.id)
    return page_of(wanted.order_by(UsageCorrection.id.desc()), query, list)


@corrections.post("/<int:id>/usage-corrections")
@allowed("admin")
@the_row(Customer)
@takes(CorrectionIn)
@answers(CorrectionOut, 201, "Usage corrected.")
def create(row: Customer, body: CorrectionIn) -> UsageCorrection:
    """Correct what a customer used in the current period"""
    return correct(session(), tenant(), row, now(), **body.model_dump())
