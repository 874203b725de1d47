"""What is wrong with a body or a query is said of its field, in words of whoever sent it: on every route."""

from __future__ import annotations

import re
from typing import Any

from apiflask import APIFlask

from admin_api.web.plain_words import sentence
from tests.support.bodies import BODIES, document, operations, schemas_of_bodies, send
from tests.support.caller import Answer, Tenant
from tests.support.world import Rows, World

#: What no field takes, whatever its kind; an object's own fields are named after it.
WRONG: tuple[Any, ...] = ({"no_such": 1}, [[]], "\0", -(10**40), "x" * 3000, 1.5, True)
#: Words of the validator and its inside.
INSIDE = re.compile(r"_schema|Value error|Assertion|Input should|Extra inputs|Field required|String should|pydantic"
                    r"|List should|Decimal input|valid dictionary|instance of|\{[a-z_]+\}", re.I)  # fmt: skip
#: Whose credentials are looked at before anything else.
_OTHERS = ("POST /api/auth/", "POST /api/radius-api/auth")


def _check(operation: str, name: str, answer: Answer) -> int:
    """How many errors it had; each is about that field, and a sentence."""
    if answer.status != 422:
        return 0
    errors = answer.data.get("errors", {})
    assert errors, (operation, name, answer)
    for field, texts in errors.items():
        assert field == name or field.startswith(f"{name}."), (operation, name, answer)
        for text in texts:
            assert text and not INSIDE.search(text) and not INSIDE.search(field), (operation, field, text)
    return len(errors)


def test_every_field_of_every_body_is_named_in_plain_words(app: APIFlask, tenant: Tenant, rows: Rows) -> None:
    world, named = World(tenant, rows), set()
    for operation in operations(app):
        if operation not in BODIES or operation.startswith(_OTHERS):
            continue
        for field in schemas_of_bodies(app)[operation]["properties"]:
            for value in WRONG:
                if _check(operation, field, send(tenant.superadmin, operation, world, {field: value})):
                    named.add((operation, field))
    fields = {(operation, field) for operation, schema in schemas_of_bodies(app).items() for field in
              schema["properties"] if operation in BODIES and not operation.startswith(_OTHERS)}  # fmt: skip
    assert named == fields


def test_every_parameter_is_named_in_plain_words(app: APIFlask, tenant: Tenant, rows: Rows) -> None:
    world, named = World(tenant, rows), 0
    for operation in operations(app):
        method, path = operation.split(" ")
        for parameter in document(app)["paths"][path][method.lower()]["parameters"]:
            if parameter["in"] == "query":
                query = f"?{parameter['name']}=" + "%00" * 400
                named += _check(operation, parameter["name"], send(tenant.superadmin, operation, world, query=query))
    assert named > 100


def test_a_body_that_is_no_object_is_named_as_the_body(app: APIFlask, tenant: Tenant, rows: Rows) -> None:
    world = World(tenant, rows)
    for operation in operations(app):
        if operation in BODIES and not operation.startswith(_OTHERS):
            method, path = operation.split(" ")
            for body in ([], "x", 5):
                answer = tenant.superadmin.call(method, world.address(path), body)
                assert (answer.status, answer.data["errors"]) == (422, {"body": ["must be a JSON object"]}), operation


def test_our_own_checks_say_what_they_say() -> None:
    assert sentence("value_error", "Value error, must be a day", {}) == "must be a day"
    assert sentence("greater_than_equal", "Input should be …", {"ge": 1}) == "must be at least 1"
    assert sentence("missing", "Field required", {}) == "is required"
