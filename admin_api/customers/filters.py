"""Which customers a list, an export or an act for many of them is about."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Select

from admin_api.customers.bodies import CustomerFilter
from admin_api.web.database import now, session, tenant_rows
from admin_api.web.pages import searched
from models import Customer
from models.customers.lookup import customer_id_named
from models.subscriptions.status import has_status


def wanted(query: CustomerFilter) -> Select[Customer]:
    """The tenant's customers that the filters let through."""
    rows = searched(
        tenant_rows(Customer), query.search, (Customer.full_name, Customer.username, Customer.email, Customer.phone)
    )
    if query.service_plan_id is not None:
        rows = rows.where(Customer.service_plan_id == query.service_plan_id)
    if query.mac_address is not None:
        rows = rows.where(Customer.mac_address == query.mac_address)
    if query.expiring_within is not None:
        end = now() + timedelta(days=query.expiring_within)
        rows = rows.where(Customer.expires_at > now(), Customer.expires_at <= end, Customer.status == "active")
    if query.username is not None:
        rows = rows.where(Customer.id == customer_id_named(session(), query.username))
    return rows if query.status is None else rows.where(has_status(query.status, now()))
