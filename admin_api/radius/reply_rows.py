"""Extra RADIUS attributes of a customer and of a plan, checked against FreeRADIUS' dictionaries."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from admin_api.access.authentication import allowed
from admin_api.radius.reply_row_bodies import AttributeChange, AttributeIn, AttributeOut, AttributePage
from admin_api.web.bodies import Nothing
from admin_api.web.database import session, settle
from admin_api.web.errors import invalid
from admin_api.web.pages import PageQuery, page_of
from admin_api.web.route import answers, asks, takes
from admin_api.web.rows import find
from admin_api.web.rows import row as the_row
from models import Customer, Radgroupreply, Radreply, ServicePlan
from models.radius.reply_rows import Attribute, Owner, add_attribute, attributes_of, change_attribute, remove_attribute
from radius_module.replies.attribute import UnencodableAttribute, check_row, default_op

extra_attributes = APIBlueprint("attributes", __name__, url_prefix="/api/billing", tag="RADIUS attributes")


@extra_attributes.get("/customers/<int:id>/attributes")
@allowed("viewer")
@the_row(Customer)
@asks(PageQuery)
@answers(AttributePage)
def customer_list(row: Customer, query: PageQuery) -> dict[str, Any]:
    """List extra attributes of a customer"""
    return page_of(attributes_of(row), query, list)


@extra_attributes.post("/customers/<int:id>/attributes")
@allowed("staff")
@the_row(Customer)
@takes(AttributeIn)
@answers(AttributeOut, 201, "Attribute added.")
def customer_create(row: Customer, body: AttributeIn) -> Attribute:
    """Create extra attributes of a customer"""
    return _create(row, body)


@extra_attributes.route("/customers/<int:id>/attributes/<int:attribute_id>", methods=["PUT", "PATCH"])
@allowed("staff")
@the_row(Customer)
@takes(AttributeChange)
@answers(AttributeOut, message="Attribute changed.")
def customer_change(row: Customer, attribute_id: int, body: AttributeChange) -> Attribute:
    """Change extra attributes of a customer"""
    return _change(row, attribute_id, body)


@extra_attributes.delete("/customers/<int:id>/attributes/<int:attribute_id>")
@allowed("staff")
@the_row(Customer)
@answers(Nothing, message="Attribute removed.")
def customer_delete(row: Customer, attribute_id: int) -> dict[str, Any]:
    """Delete extra attributes of a customer"""
    remove_attribute(session(), row, _find(row, attribute_id))
    return {}


@extra_attributes.get("/plans/<int:id>/attributes")
@allowed("viewer")
@the_row(ServicePlan)
@asks(PageQuery)
@answers(AttributePage)
def plan_list(row: ServicePlan, query: PageQuery) -> dict[str, Any]:
    """List extra attributes of a plan"""
    return page_of(attributes_of(row), query, list)


@extra_attributes.post("/plans/<int:id>/attributes")
@allowed("admin")
@the_row(ServicePlan)
@takes(AttributeIn)
@answers(AttributeOut, 201, "Attribute added.")
def plan_create(row: ServicePlan, body: AttributeIn) -> Attribute:
    """Create extra attributes of a plan"""
    return _create(row, body)


@extra_attributes.route("/plans/<int:id>/attributes/<int:attribute_id>", methods=["PUT", "PATCH"])
@allowed("admin")
@the_row(ServicePlan)
@takes(AttributeChange)
@answers(AttributeOut, message="Attribute changed.")
def plan_change(row: ServicePlan, attribute_id: int, body: AttributeChange) -> Attribute:
    """Change extra attributes of a plan"""
    return _change(row, attribute_id, body)


@extra_attributes.delete("/plans/<int:id>/attributes/<int:attribute_id>")
@allowed("admin")
@the_row(ServicePlan)
@answers(Nothing, message="Attribute removed.")
def plan_delete(row: ServicePlan, attribute_id: int) -> dict[str, Any]:
    """Delete extra attributes of a plan"""
    remove_attribute(session(), row, _find(row, attribute_id))
    return {}


def _create(owner: Owner, body: AttributeIn) -> Attribute:
    name, op, _ = _checked(owner, body.attribute, body.op or default_op(body.attribute), body.value)
    attribute = add_attribute(session(), owner, name, op, body.value)
    settle(attribute)
    return attribute


def _change(owner: Owner, attribute_id: int, body: AttributeChange) -> Attribute:
    attribute = _find(owner, attribute_id)
    given = body.given()
    op, value = given.get("op", attribute.op), given.get("value", attribute.value)
    _checked(owner, attribute.attribute, op, value, in_place_of=attribute)
    change_attribute(session(), owner, attribute, op, value)
    settle(attribute)
    return attribute


def _find(owner: Owner, attribute_id: int) -> Attribute:
    model = Radreply if isinstance(owner, Customer) else Radgroupreply
    attribute: Attribute = find(model, attribute_id, lambda: attributes_of(owner).order_by(None))
    return attribute


def _checked(
    owner: Owner, name: str, op: str, value: str, in_place_of: Attribute | None = None
) -> tuple[str, str, str]:
    """The row as it will be sent, by the encoder itself, beside the owner's other rows."""
    rows = session().scalars(attributes_of(owner))
    others = [(row.attribute, row.op, row.value) for row in rows if row is not in_place_of and row.is_active]
    try:
        return check_row(name, op, value, others)
    except UnencodableAttribute as error:
        invalid(error.field, str(error))
