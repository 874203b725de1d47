"""Service plans."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from admin_api.access.authentication import allowed
from admin_api.plans.bodies import PlanChange, PlanIn, PlanOut, PlanPage
from admin_api.web.bodies import Nothing
from admin_api.web.database import session, settle, tenant_id, tenant_rows
from admin_api.web.pages import PageQuery, page_of
from admin_api.web.route import answers, asks, documents, takes
from admin_api.web.rows import row as the_row
from models import ServicePlan
from models.subscriptions import plans as plan_catalogue

plans = APIBlueprint("plans", __name__, url_prefix="/api/billing/plans", tag="Plans")


@plans.get("")
@allowed("viewer")
@asks(PageQuery)
@answers(PlanPage)
def index(query: PageQuery) -> dict[str, Any]:
    """List plans"""
    return page_of(tenant_rows(ServicePlan).order_by(ServicePlan.id), query, list)


@plans.post("")
@allowed("admin")
@takes(PlanIn)
@answers(PlanOut, 201, "Plan created.")
def create(body: PlanIn) -> ServicePlan:
    """Create a plan"""
    return plan_catalogue.create_plan(session(), tenant_id(), **body.columns())


@plans.get("/<int:id>")
@allowed("viewer")
@the_row(ServicePlan)
@answers(PlanOut)
def read(row: ServicePlan) -> ServicePlan:
    """Read a plan"""
    return row


@plans.route("/<int:id>", methods=["PUT", "PATCH"])
@documents(responses=[412])
@allowed("admin")
@the_row(ServicePlan)
@takes(PlanChange)
@answers(PlanOut, message="Plan changed.")
def change(row: ServicePlan, body: PlanChange) -> ServicePlan:
    """Change a plan"""
    plan_catalogue.update_plan(session(), row, body.columns())
    settle(row)
    return row


@plans.delete("/<int:id>")
@documents(responses=[409, 412])
@allowed("admin")
@the_row(ServicePlan)
@answers(Nothing, message="Plan deleted.")
def delete(row: ServicePlan) -> dict[str, Any]:
    """Delete a plan that no customer has"""
    plan_catalogue.delete_plan(session(), row)
    return {}
