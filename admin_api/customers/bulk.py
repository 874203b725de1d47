"""One act for many customers: renew, change the plan, suspend, activate."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from apiflask import APIBlueprint
from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError

from admin_api.access.authentication import allowed, require
from admin_api.customers.bulk_bodies import MOST_CUSTOMERS, BulkFilter, BulkIn, BulkOut
from admin_api.customers.filters import wanted
from admin_api.web import idempotency
from admin_api.web.database import now, session, tenant, tenant_id, tenant_rows
from admin_api.web.errors import invalid, of_constraint, refuse
from admin_api.web.money import shown_amount
from admin_api.web.route import answers, documents, takes
from models import Customer, ServicePlan
from models.customers import bulk, lifecycle
from models.customers.bulk import Act, Result, Unchanged
from models.money.purchases import plan_change, renewal
from models.money.purchases.sale import Pay, terms_of
from models.subscriptions.status import is_over

many = APIBlueprint("many_customers", __name__, url_prefix="/api/billing/customers", tag="Customers")

_OF_ALL = {"filter", "action", "dry_run"}
_PAID = {"pay", "reason"}
#: Codes of customers who are as they were wanted.
_OK = ("done", "unchanged")
#: The fields that say how an action is done.
_FIELDS = {"renew": {"periods", "begin"} | _PAID, "change_plan": {"service_plan_id", "when"} | _PAID}


@many.post("/bulk")
@documents(responses=[409])
@allowed("staff")
@takes(BulkIn)
@answers(BulkOut, message="Each customer is done or refused by itself: see the results.", resumes=True)
def act_on_many(body: BulkIn) -> dict[str, Any]:
    """Renew, suspend or activate many customers, or change their plan; each is done or refused by itself

    `filter` is that of the list. A request that broke off goes on where it ended when it is repeated with its
    Idempotency-Key.
    """
    act, customers = _ACTS[body.action](_checked(body)), _chosen(body.filter)
    if body.dry_run:
        return _shown(body, _tried(customers, act))
    run_id = bulk.begin_run(session(), tenant_id(), idempotency.stored_id(), customers)
    session().commit()
    while ids := bulk.next_slice(session(), tenant_id(), run_id):
        results = bulk.carry_out(session(), tenant_id(), ids, act, _words, keep=True)
        bulk.remember(session(), tenant_id(), run_id, results)
        session().commit()
    return _shown(body, bulk.results_of(session(), tenant_id(), run_id))


def _chosen(filters: BulkFilter) -> Select[Customer]:
    """Whom the filter lets through; a filter without a condition is a slip, and would be everybody."""
    if not any(value is not None for value in filters.model_dump().values()):
        invalid("filter", 'names no condition: all customers are {"everybody": true}')
    rows = wanted(filters)
    if filters.ids is not None:
        rows = rows.where(Customer.id.in_(filters.ids))
    count = session().scalar(select(func.count()).select_from(rows.subquery())) or 0
    if count > MOST_CUSTOMERS:
        invalid("filter", f"lets {count} customers through, and one request takes {MOST_CUSTOMERS}")
    return rows


def _tried(customers: Select[Customer], act: Act) -> list[Result]:
    """What would become of each; nothing is kept, and nobody locked for longer than a slice."""
    ids = list(session().scalars(customers.with_only_columns(Customer.id).order_by(Customer.id)))
    results: list[Result] = []
    for begin in range(0, len(ids), bulk.SLICE):
        piece = ids[begin : begin + bulk.SLICE]
        results += bulk.carry_out(session(), tenant_id(), piece, act, _words, keep=False)
        session().rollback()
    return results


def _checked(body: BulkIn) -> BulkIn:
    """What is wrong for everybody is said once, before anybody is touched."""
    fields = _OF_ALL | _FIELDS.get(body.action, set())
    names = {name: field.alias or name for name, field in BulkIn.model_fields.items()}
    errors = {names[name]: [f"is nothing that {body.action} takes"] for name in body.model_fields_set - fields}
    if errors:
        refuse(422, "invalid", "Some fields cannot be taken.", errors=errors)
    if body.action in _FIELDS:
        terms_of(session(), tenant(), _pay(body))
    return body


def _pay(body: BulkIn) -> Pay:
    return Pay(body.pay, body.reason)


def _renew(body: BulkIn) -> Act:
    from_now = body.begin == "now"
    return lambda customer: renewal.renew(
        session(), tenant(), customer, now(), body.periods, _pay(body), from_now=from_now
    )


def _change_plan(body: BulkIn) -> Act:
    require("charges")
    if body.service_plan_id is None:
        invalid("service_plan_id", "is required")
    plan = session().scalar(tenant_rows(ServicePlan).where(ServicePlan.id == body.service_plan_id))
    if plan is None or not plan.is_active:
        invalid("service_plan_id", "there is no such plan, or it is not offered")

    def change(customer: Customer) -> Any:  # noqa: ANN401  # charges
        if customer.service_plan_id == plan.id and customer.next_service_plan_id is None:
            raise Unchanged("The customer has this plan already.")
        if body.when == "period_end" and customer.expires_at > now():
            plan_change.change_at_period_end(session(), customer, plan)
            return []
        return plan_change.change_now(session(), tenant(), customer, plan, now(), _pay(body))

    return change


def _suspend(_body: BulkIn) -> Act:
    def suspend(customer: Customer) -> Any:  # noqa: ANN401  # charges
        if customer.status == "suspended":
            raise Unchanged("The customer is suspended already.")
        lifecycle.suspend_customer(session(), customer)
        return []

    return suspend


def _activate(_body: BulkIn) -> Act:
    def activate(customer: Customer) -> Any:  # noqa: ANN401  # charges
        if customer.status == "active" and not is_over(customer.status, customer.expires_at, now()):
            raise Unchanged("The customer is active already.")
        lifecycle.activate_customer(session(), customer, now())
        return []

    return activate


_ACTS: dict[str, Callable[[BulkIn], Act]] = {
    "renew": _renew,
    "change_plan": _change_plan,
    "suspend": _suspend,
    "activate": _activate,
}


def _words(error: IntegrityError) -> tuple[str, str]:
    """(code, sentence) of what the books refuse; raises what is no refusal."""
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None) or ""
    status, code, message, _field = of_constraint(name)
    if status >= 500:
        raise error
    return code, message


def _shown(body: BulkIn, results: Iterable[Result]) -> dict[str, Any]:
    rows = list(results)
    names = bulk.names_of(session(), tenant_id(), [row.customer_id for row in rows])
    shown = [
        row._asdict()
        | {"username": names.get(row.customer_id), "ok": row.code in _OK, "charged": shown_amount(row.charged)}
        for row in rows
    ]
    codes = [row.code for row in rows]
    done, unchanged = codes.count("done"), codes.count("unchanged")
    return {
        "action": body.action, "dry_run": body.dry_run, "customers": len(rows), "done": done, "unchanged": unchanged,
        "refused": len(rows) - done - unchanged, "charged": shown_amount(sum(row.charged for row in rows)),
        "results": shown,
    }  # fmt: skip
