"""Customers: who they are, and what is done with them."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from admin_api.access.authentication import allowed, require
from admin_api.customers.bodies import (
    CustomerChange,
    CustomerIn,
    CustomerOut,
    CustomerPage,
    CustomerQuery,
    ImportOut,
    ImportQuery,
    RenewIn,
    TopupIn,
    TopupOut,
)
from admin_api.customers.csv_file import exported, read_rows, uploaded
from admin_api.customers.filters import wanted
from admin_api.customers.views import shown, shown_one
from admin_api.web.bodies import Nothing
from admin_api.web.database import now, session, tenant
from admin_api.web.errors import refuse
from admin_api.web.money import minor_of
from admin_api.web.pages import ordered, page_of
from admin_api.web.parts import parts
from admin_api.web.route import answers, asks, documents, takes
from admin_api.web.rows import row as the_row
from admin_api.web.types import octets
from models import Customer, Topup
from models.customers import lifecycle
from models.customers.bulk_import import MOST_ERRORS, Import, RowError
from models.money.purchases import renewal

customers = APIBlueprint("customers", __name__, url_prefix="/api/billing/customers", tag="Customers")

#: Texts are sorted as people do (migration 0013): whatever the case, and user2 before user10.
_SORTS = {name: getattr(Customer, name) for name in ("id", "expires_at", "created_at")} | {
    name: getattr(Customer, name).collate("infora_people") for name in ("username", "full_name")
}


@customers.get("")
@documents(responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}})
@allowed("viewer")
@asks(CustomerQuery)
@answers(CustomerPage)
def index(query: CustomerQuery) -> dict[str, Any] | Response:
    """List customers, or all that the filters let through as CSV"""
    rows = ordered(wanted(query), query.sort, _SORTS, Customer.id)
    if query.format == "csv":
        return exported(rows)
    return page_of(rows, query, shown, one_scan=bool(query.search))


@customers.post("")
@documents(responses=[409])
@allowed("staff")
@takes(CustomerIn)
@answers(CustomerOut, 201, "Customer created.")
def create(body: CustomerIn) -> CustomerOut:
    """Create a customer"""
    keyring = parts().keyring
    return shown_one(lifecycle.create_customer(session(), keyring, tenant(), now(), **body.columns()))


@customers.post("/import")
@documents(responses=[400, 413, 422])
@allowed("staff")
@asks(ImportQuery)
@answers(ImportOut, message="Imported.", reads_file=True)
def import_file(query: ImportQuery) -> dict[str, Any]:
    """Create customers from a table: all of them, or none and the errors by row and column

    The body is the file, or a form's field `file`: CSV in UTF-8 (comma, semicolon or tab), or the first sheet of an
    Excel workbook (.xlsx). Columns are named as in a customer's body. `warnings` asks about what a spreadsheet may have
    spoilt.
    """
    run, doubts = Import(session(), parts().keyring, tenant(), now()), list[RowError]()
    run.add(read_rows(uploaded(), run.errors, doubts))
    if run.errors:
        errors = [error._asdict() for error in sorted(run.errors)[:MOST_ERRORS]]
        refuse(422, "invalid", "Nothing was imported: some rows cannot be taken.", extra={"rows": errors})
    if query.dry_run:
        session().rollback()
    else:
        run.finish()
    warnings = [warning._asdict() for warning in doubts[:MOST_ERRORS]]
    return {"imported": run.count, "dry_run": query.dry_run, "warnings": warnings}


@customers.get("/<int:id>")
@allowed("viewer")
@the_row(Customer)
@answers(CustomerOut)
def read(row: Customer) -> CustomerOut:
    """Read a customer"""
    return shown([row])[0]


@customers.route("/<int:id>", methods=["PUT", "PATCH"])
@documents(responses=[409, 412])
@allowed("staff")
@the_row(Customer)
@takes(CustomerChange)
@answers(CustomerOut, message="Customer changed.")
def change(row: Customer, body: CustomerChange) -> CustomerOut:
    """Change a customer"""
    lifecycle.update_customer(session(), parts().keyring, tenant(), row, now(), body.columns())
    return shown_one(row)


@customers.delete("/<int:id>")
@documents(responses=[412])
@allowed("staff")
@the_row(Customer)
@answers(Nothing, message="Customer deleted; sessions and usage stay in the books.")
def delete(row: Customer) -> dict[str, Any]:
    """Delete a customer"""
    lifecycle.delete_customer(session(), row)
    return {}


@customers.post("/<int:id>/suspend")
@allowed("staff")
@the_row(Customer)
@answers(CustomerOut, message="Customer suspended.")
def suspend(row: Customer) -> CustomerOut:
    """Suspend a customer: no further login, open sessions end"""
    lifecycle.suspend_customer(session(), row)
    return shown_one(row)


@customers.post("/<int:id>/activate")
@documents(responses=[409])
@allowed("staff")
@the_row(Customer)
@answers(CustomerOut, message="Customer activated.")
def activate(row: Customer) -> CustomerOut:
    """Lift a customer's suspension; an expired one is a 409 `expired`"""
    lifecycle.activate_customer(session(), row, now())
    return shown_one(row)


@customers.post("/<int:id>/renew")
@documents(responses=[409])
@allowed("staff")
@the_row(Customer)
@takes(RenewIn)
@answers(CustomerOut, message="Customer renewed.")
def renew(row: Customer, body: RenewIn) -> CustomerOut:
    """Add paid periods

    From `expires_at`, or from now when that has passed. `from: now` ends the running period at once: a used-up
    allowance is whole again.
    """
    terms = body.terms(require)
    renewal.renew(session(), tenant(), row, now(), body.periods, terms, from_now=body.begin == "now")
    return shown_one(row)


@customers.post("/<int:id>/topups")
@documents(responses=[409])
@allowed("staff")
@the_row(Customer)
@takes(TopupIn)
@answers(TopupOut, 201, "Data added.")
def top_up(row: Customer, body: TopupIn) -> Topup:
    """Add data to the current period"""
    price = minor_of(body.price, "price")
    return renewal.top_up(session(), tenant(), row, now(), octets(body.data_gb), price, body.terms(require))[0]
