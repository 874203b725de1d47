"""What a person may ask for: everything that is kept about them, and to be forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint

from admin_api.access.authentication import allowed
from admin_api.web.database import session, settle, tenant, tenant_rows
from admin_api.web.pages import Page, PageQuery, page_of
from admin_api.web.route import answers, asks, documents
from admin_api.web.rows import row as the_row
from admin_api.web.types import Shown
from models import Customer, Erasure
from models.customers.erasure import erase_customer
from models.customers.personal_data import personal_data

personal = APIBlueprint("personal", __name__, url_prefix="/api/billing", tag="Customers")

Rows = list[dict[str, Any]]


class PersonalDataOut(Shown):
    """Every row that is about the customer, its columns as they are kept; amounts are decimal text."""

    customer: dict[str, Any]
    reply_attributes: Rows
    periods: Rows
    topups: Rows
    usage_corrections: Rows
    usage_by_day: Rows
    sessions: Rows
    logins: Rows
    network_requests: Rows
    charges: Rows
    payments: Rows
    refunds: Rows
    changes: Rows


class ErasureOut(Shown):
    """`done_at`: since when the history holds nothing of the person; null while it is gone through."""

    id: int
    customer_id: int
    requested_by: str
    requested_at: datetime
    done_at: datetime | None


class ErasurePage(Page):
    items: list[ErasureOut]


@personal.get("/customers/<int:id>/personal-data")
@allowed("admin")
@the_row(Customer)
@answers(PersonalDataOut)
def read(row: Customer) -> dict[str, Any]:
    """Everything that is kept about a customer, except the password"""
    return personal_data(session(), tenant(), row)


@personal.post("/customers/<int:id>/erase")
@documents(responses=[409])
@allowed("admin")
@the_row(Customer)
@answers(ErasureOut, 202, "The customer is gone; history and audit log are gone through.")
def erase(row: Customer) -> Erasure:
    """Forget a customer: the person goes, sums and sessions stay without a name

    There is no way back. An account that is not even is a 409 `open_balance`.
    """
    erasure = erase_customer(session(), row)
    settle(erasure)
    return erasure


@personal.get("/erasures")
@allowed("admin")
@asks(PageQuery)
@answers(ErasurePage)
def index(query: PageQuery) -> dict[str, Any]:
    """List customers who were forgotten, the newest first"""
    return page_of(tenant_rows(Erasure).order_by(Erasure.id.desc()), query, list)
