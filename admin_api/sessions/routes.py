"""Sessions and logins of a tenant, and of one customer; logins with the reasons."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint

from admin_api.access.authentication import allowed
from admin_api.sessions.bodies import CustomerSessionQuery, LoginPage, LoginQuery, SessionPage, SessionQuery
from admin_api.sessions.views import ended_between, has_address, is_called, logins, sessions, shown, shown_logins
from admin_api.web.database import now
from admin_api.web.errors import invalid
from admin_api.web.pages import PageQuery, page_of
from admin_api.web.route import answers, asks
from admin_api.web.rows import row as the_row
from models import Customer, Radacct, Radpostauth

session_routes = APIBlueprint("sessions", __name__, url_prefix="/api/billing", tag="Sessions")

_LONGEST = timedelta(days=32)


@session_routes.get("/sessions")
@allowed("viewer")
@asks(SessionQuery)
@answers(SessionPage)
def index(query: SessionQuery) -> dict[str, Any]:
    """List sessions: those online, or past ones of a time"""
    rows = sessions()
    if query.username is not None:
        rows = rows.where(is_called(Radacct.username, query.username))
    if query.device_id is not None:
        rows = rows.where(Radacct.device_id == query.device_id)
    if query.framed_ip is not None:
        rows = rows.where(has_address(query.framed_ip))
    if query.unknown_customer:
        rows = rows.where(Radacct.customer_id.is_(None))
    if query.status == "online":
        return page_of(rows.where(Radacct.acctstoptime.is_(None)), query, shown, scalars=False)
    until = query.until or now()
    since = query.since or until - timedelta(days=1)
    if not timedelta(0) < until - since <= _LONGEST:
        invalid("since", "must lie before until, and at most 32 days before it")
    return page_of(ended_between(rows, since, query.until), query, shown, scalars=False)


@session_routes.get("/logins")
@allowed("viewer")
@asks(LoginQuery)
@answers(LoginPage)
def all_logins(query: LoginQuery) -> dict[str, Any]:
    """List logins, with the code that decided each; unknown names included"""
    since = query.since or now() - timedelta(days=1)
    if now() - since > _LONGEST:
        invalid("since", "must lie at most 32 days back")
    rows = logins().where(Radpostauth.authdate >= since)
    if query.code is not None:
        rows = rows.where(Radpostauth.code == query.code)
    if query.username is not None:
        rows = rows.where(is_called(Radpostauth.username, query.username))
    if query.device_id is not None:
        rows = rows.where(Radpostauth.device_id == query.device_id)
    return page_of(rows, query, shown_logins)


@session_routes.get("/customers/<int:id>/sessions")
@allowed("viewer")
@the_row(Customer)
@asks(CustomerSessionQuery)
@answers(SessionPage)
def of_customer(row: Customer, query: CustomerSessionQuery) -> dict[str, Any]:
    """List a customer's sessions"""
    rows = sessions().where(Radacct.customer_id == row.id)
    if query.status != "all":
        is_open = Radacct.acctstoptime.is_(None)
        rows = rows.where(is_open if query.status == "online" else ~is_open)
    return page_of(rows, query, shown, scalars=False)


@session_routes.get("/customers/<int:id>/logins")
@allowed("viewer")
@the_row(Customer)
@asks(PageQuery)
@answers(LoginPage)
def logins_of_customer(row: Customer, query: PageQuery) -> dict[str, Any]:
    """List a customer's logins, with the code that decided each"""
    return page_of(logins().where(Radpostauth.customer_id == row.id), query, shown_logins)
