"""Extra RADIUS attributes of a customer and of a plan, checked against FreeRADIUS' dictionaries."""

from __future__ import annotations

from collections.abc import Callable
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
from radius_module.replies.attribute import UnencodableAttribute, encode

extra_attributes = APIBlueprint("attributes", __name__, url_prefix="/api/billing", tag="RADIUS attributes")


def _index(row: Owner, query: PageQuery) -> dict[str, Any]:
    return page_of(attributes_of(row), query, list)


def _create(row: Owner, body: AttributeIn) -> Attribute:
    name, op, _ = _checked(body.attribute, body.op, body.value)
    made = add_attribute(session(), row, name, op, body.value)
    settle(made)
    return made


def _change(row: Owner, attribute_id: int, body: AttributeChange) -> Attribute:
    found = _found(row, attribute_id)
    given = body.given()
    op, value = given.get("op", found.op), given.get("value", found.value)
    _checked(found.attribute, op, value)
    change_attribute(session(), row, found, op, value)
    settle(found)
    return found


def _delete(row: Owner, attribute_id: int) -> dict[str, Any]:
    remove_attribute(session(), row, _found(row, attribute_id))
    return {}


def _found(owner: Owner, attribute_id: int) -> Attribute:
    model = Radreply if isinstance(owner, Customer) else Radgroupreply
    found: Attribute = find(model, attribute_id, lambda: attributes_of(owner).order_by(None))
    return found


def _checked(name: str, op: str, value: str) -> tuple[str, str, str]:
    try:
        return encode(name, op, value)
    except UnencodableAttribute as wrong:
        invalid("attribute", str(wrong))


def _route(of: type[Owner], address: str, role: str, endpoint: str) -> None:
    """The same four routes for customers and for plans."""
    one = f"{address}/<int:attribute_id>"
    shown = answers(AttributeOut, message="Attribute changed.")
    made = answers(AttributeOut, 201, "Attribute added.")
    gone = answers(Nothing, message="Attribute removed.")
    for methods, rule, name, view in (
        (["GET"], address, "list", allowed("viewer")(the_row(of)(asks(PageQuery)(answers(AttributePage)(_index))))),
        (["POST"], address, "create", allowed(role)(the_row(of)(takes(AttributeIn)(made(_create))))),
        (["PUT", "PATCH"], one, "change", allowed(role)(the_row(of)(takes(AttributeChange)(shown(_change))))),
        (["DELETE"], one, "delete", allowed(role)(the_row(of)(gone(_delete)))),
    ):
        extra_attributes.add_url_rule(rule, f"{endpoint}_{name}", _titled(view, name, endpoint), methods=methods)


def _titled(view: Callable[..., Any], name: str, endpoint: str) -> Callable[..., Any]:
    view.__doc__ = f"{name.capitalize()} extra attributes of a {endpoint}"
    return view


_route(Customer, "/customers/<int:id>/attributes", "staff", "customer")
_route(ServicePlan, "/plans/<int:id>/attributes", "admin", "plan")
