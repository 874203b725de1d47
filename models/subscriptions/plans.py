"""Plans are offered, changed, withdrawn. In the caller's transaction; commits nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from models.audit_trail import record, snapshot
from models.network import requests
from models.radius.provisioning import deprovision_plan, provision_plan
from models.refusals import Refused
from models.subscriptions.calendar import DEFAULT_VALIDITY_DAYS
from models.tables.customers import Customer
from models.tables.plans import ServicePlan, rate_limit
from models.tables.subscriptions import Subscription


def create_plan(session: Session, isp_id: int, **fields: Any) -> ServicePlan:  # noqa: ANN401  # columns of ServicePlan
    """A new plan and its group in FreeRADIUS' tables."""
    if fields.get("validity_months") is None and fields.get("validity_days") is None:
        fields["validity_days"] = DEFAULT_VALIDITY_DAYS
    plan = ServicePlan(isp_id=isp_id, **fields)
    session.add(plan)
    session.flush()
    session.refresh(plan)
    provision_plan(session, plan)
    record(session, "create", plan)
    return plan


def update_plan(session: Session, plan: ServicePlan, changes: dict[str, Any]) -> None:
    """Change the given columns; customers of the plan who are online follow at once."""
    before, given = snapshot(plan), given_to_sessions(plan)
    for name, value in _with_one_validity(changes).items():
        setattr(plan, name, value)
    if plan.validity_days is None and plan.validity_months is None:
        plan.validity_days = DEFAULT_VALIDITY_DAYS
    session.flush()
    session.refresh(plan)
    provision_plan(session, plan)
    attributes = changed_attributes(given, given_to_sessions(plan))
    if attributes:
        requests.change_all_on(session, plan, attributes, given[requests.RATE][0])
    record(session, "update", plan, before)


def delete_plan(session: Session, plan: ServicePlan) -> None:
    """Remove a plan that nobody has. Past periods keep their price and lose the reference."""
    of_plan = (Customer.isp_id == plan.isp_id, Customer.service_plan_id == plan.id)
    if session.scalar(select(exists().where(*of_plan))):
        raise Refused("in_use", "Customers have this plan: move them to another one, or set is_active to false.")
    record(session, "delete", plan, snapshot(plan))
    session.execute(
        update(Subscription)
        .where(Subscription.isp_id == plan.isp_id, Subscription.service_plan_id == plan.id)
        .values(service_plan_id=None)
    )
    deprovision_plan(session, plan)
    session.delete(plan)
    session.flush()


Given = dict[str, tuple[Any, ...]]


def given_to_sessions(plan: ServicePlan | None) -> Given:
    """What an open session has of its plan and would have to be told of: by the attribute that a login gives it."""
    if plan is None:
        return {requests.RATE: (None,), requests.ALLOWANCE: (None,), "Framed-Pool": (None,), requests.TIMEOUT: (None,)}
    throttled = rate_limit(plan.throttle_bandwidth, None) if plan.over_limit == "throttle" else None
    rate = rate_limit(plan.bandwidth_limit, plan.upload_limit)
    return {
        # The first is what sessions had so far: which of its hours that was is not known here.
        requests.RATE: (None if plan.hours else rate, throttled, rate, plan.hours),
        requests.TIMEOUT: (plan.time_limit,),
        requests.ALLOWANCE: (plan.data_limit_bytes, plan.over_limit),
        "Framed-Pool": (plan.address_pool,),
    }


def changed_attributes(before: Given, after: Given) -> list[str]:
    """Attributes that are no longer what they were."""
    return [name for name in after if before[name] != after[name]]


def _with_one_validity(changes: dict[str, Any]) -> dict[str, Any]:
    """Days or months: giving the one takes the other away."""
    if changes.get("validity_months") is not None:
        return changes | {"validity_days": None}
    if changes.get("validity_days") is not None:
        return changes | {"validity_months": None}
    return changes
