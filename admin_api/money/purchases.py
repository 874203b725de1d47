"""What customers buy, and what it would cost: a quote is the act itself, undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from apiflask import APIBlueprint

from admin_api.access.authentication import allowed, require
from admin_api.money.bodies import PlanChangeIn, QuoteIn, QuoteOut, ReasonIn
from admin_api.money.views import shown_purchase, shown_quote
from admin_api.web.database import now, session, tenant, tenant_id, tenant_rows
from admin_api.web.errors import invalid
from admin_api.web.money import PayIn, minor_of
from admin_api.web.route import answers, documents, takes
from admin_api.web.rows import row as the_row
from admin_api.web.types import octets
from models import Charge, Customer, ServicePlan
from models.money.purchases import plan_change, renewal
from models.money.purchases.quote import quote as quote_of

purchases = APIBlueprint("purchases", __name__, url_prefix="/api/billing/customers", tag="Money")


@purchases.post("/<int:id>/quote")
@documents(responses=[409])
@allowed("payments")
@the_row(Customer)
@takes(QuoteIn)
@answers(QuoteOut)
def quote(row: Customer, body: QuoteIn) -> dict[str, Any]:
    """Ask what a renewal, change of plan, cancellation or top-up would cost; nothing is changed"""
    act = _ACTS[body.action]
    return shown_quote(quote_of(session(), tenant_id(), row.id, lambda: act(row, body)))


@purchases.post("/<int:id>/change-plan")
@documents(responses=[409])
@allowed("charges")
@the_row(Customer)
@takes(PlanChangeIn)
@answers(QuoteOut, message="Plan changed.")
def change_plan(row: Customer, body: PlanChangeIn) -> dict[str, Any]:
    """Change the plan: now, with what is left of the period credited, or when the period ends"""
    return shown_purchase(row.id, _change_plan(row, body.service_plan_id, body.when, body))


@purchases.post("/<int:id>/cancel")
@documents(responses=[409])
@allowed("charges")
@the_row(Customer)
@takes(ReasonIn)
@answers(QuoteOut, message="The service has ended.")
def cancel(row: Customer, body: ReasonIn) -> dict[str, Any]:
    """End the service now; what was paid for later is credited"""
    return shown_purchase(row.id, plan_change.cancel(session(), tenant(), row, now(), body.reason))


def _renew(row: Customer, body: QuoteIn) -> Sequence[Charge]:
    return renewal.renew(session(), tenant(), row, now(), body.periods, body.terms(require))


def _quote_plan(row: Customer, body: QuoteIn) -> Sequence[Charge]:
    return _change_plan(row, body.service_plan_id, body.when, body)


def _cancel(row: Customer, body: QuoteIn) -> Sequence[Charge]:
    return plan_change.cancel(session(), tenant(), row, now(), body.reason or "quote")


def _top_up(row: Customer, body: QuoteIn) -> Sequence[Charge]:
    if body.data_gb is None:
        invalid("data_gb", "is required")
    price = minor_of(body.price, "price")
    return renewal.top_up(session(), tenant(), row, now(), octets(body.data_gb), price, body.terms(require))[1]


_ACTS: dict[str, Callable[[Customer, QuoteIn], Sequence[Charge]]] = {
    "renew": _renew,
    "change_plan": _quote_plan,
    "cancel": _cancel,
    "topup": _top_up,
}


def _change_plan(row: Customer, plan_id: int | None, when: str, body: PayIn) -> Sequence[Charge]:
    if plan_id is None:
        invalid("service_plan_id", "is required")
    plan = session().scalar(tenant_rows(ServicePlan).where(ServicePlan.id == plan_id))
    if plan is None or not plan.is_active:
        invalid("service_plan_id", "there is no such plan, or it is not offered")
    if when == "period_end" and row.expires_at > now():
        plan_change.change_at_period_end(session(), row, plan)
        return []
    return plan_change.change_now(session(), tenant(), row, plan, now(), body.terms(require))
