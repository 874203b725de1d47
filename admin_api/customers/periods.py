"""What a customer has bought: periods and data on top, listed and taken back."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy import Select

from admin_api.access.authentication import allowed
from admin_api.customers.bodies import CustomerOut, PeriodOut, PeriodPage, TopupPage
from admin_api.customers.views import shown_one
from admin_api.web.database import now, session, tenant, tenant_rows
from admin_api.web.pages import PageQuery, page_of
from admin_api.web.route import answers, asks, documents
from admin_api.web.rows import find
from admin_api.web.rows import row as the_row
from models import Customer, Subscription, Topup
from models.money.purchases import taken_back

bought = APIBlueprint("bought", __name__, url_prefix="/api/billing/customers", tag="Customers")


@bought.get("/<int:id>/periods")
@allowed("viewer")
@the_row(Customer)
@asks(PageQuery)
@answers(PeriodPage)
def periods(row: Customer, query: PageQuery) -> dict[str, Any]:
    """List a customer's paid periods, the newest first"""
    return page_of(_periods_of(row).order_by(Subscription.period_start.desc()), query, _shown)


@bought.post("/<int:id>/periods/<int:period_id>/undo")
@documents(responses=[409])
@allowed("staff")
@the_row(Customer)
@answers(CustomerOut, message="Period undone.")
def undo_period(row: Customer, period_id: int) -> CustomerOut:
    """Take the last period back

    The customer expires where the period before it ends. A period that has been used ends, and stays listed.
    """
    taken_back.undo_period(session(), tenant(), row, find(Subscription, period_id, lambda: _periods_of(row)), now())
    return shown_one(row)


@bought.get("/<int:id>/topups")
@allowed("viewer")
@the_row(Customer)
@asks(PageQuery)
@answers(TopupPage)
def topups(row: Customer, query: PageQuery) -> dict[str, Any]:
    """List data that a customer has bought on top, the newest first"""
    return page_of(_topups_of(row).order_by(Topup.id.desc()), query, list)


@bought.post("/<int:id>/topups/<int:topup_id>/undo")
@documents(responses=[409])
@allowed("staff")
@the_row(Customer)
@answers(CustomerOut, message="Top-up undone.")
def undo_topup(row: Customer, topup_id: int) -> CustomerOut:
    """Take data back that was bought for the running period"""
    taken_back.undo_topup(session(), tenant(), row, find(Topup, topup_id, lambda: _topups_of(row)), now())
    return shown_one(row)


def _periods_of(customer: Customer) -> Select[Subscription]:
    return tenant_rows(Subscription).where(Subscription.customer_id == customer.id)


def _topups_of(customer: Customer) -> Select[Topup]:
    return tenant_rows(Topup).where(Topup.customer_id == customer.id)


def _shown(rows: Any) -> list[PeriodOut]:  # noqa: ANN401  # a page of rows
    return [PeriodOut.of(row, now()) for row in rows]
