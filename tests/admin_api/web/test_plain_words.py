"""What is wrong with a body or a query is said of its field, in words of whoever sent it: on every route."""

from __future__ import annotations

import re
from typing import Any

import pytest
from apiflask import APIFlask

from admin_api.web.plain_words import sentence
from tests.support.bodies import BODIES, document, operations, schemas_of_bodies, send
from tests.support.caller import Answer, Tenant
from tests.support.world import Rows, World

#: What no field takes, whatever its kind; an object's own fields are named after it.
WRONG: tuple[Any, ...] = ({"no_such": 1}, "\0" * 3000, [[]], -(10**40), "x" * 3000, 1.5, True)
#: Words of the validator and its inside.
INSIDE = re.compile(r"_schema|Value error|Assertion|Input should|Extra inputs|Field required|String should|pydantic"
                    r"|List should|Decimal input|valid dictionary|instance of|\{[a-z_]+\}", re.I)  # fmt: skip
#: Whose credentials are looked at before anything else.
_OTHERS = ("POST /api/auth/", "POST /api/radius-api/auth")


def _named(operation: str, names: list[str], answer: Answer) -> set[str]:
    """Which of the fields the answer speaks of; each in a sentence."""
    named: set[str] = set()
    if answer.status != 422:
        return named
    for field, texts in answer.data.get("errors", {}).items():
        name = next((name for name in names if field == name or field.startswith(f"{name}.")), None)
        assert name is not None, (operation, field, answer)
        named.add(name)
        for text in texts:
            assert text and not INSIDE.search(text) and not INSIDE.search(field), (operation, field, text)
    assert named, (operation, answer)
    return named


def _fields(app: APIFlask) -> dict[str, list[str]]:
    """Of each operation with a body that a superadmin may send."""
    return {operation: list(schemas_of_bodies(app)[operation]["properties"]) for operation in operations(app)
            if operation in BODIES and not operation.startswith(_OTHERS)}  # fmt: skip


def test_every_field_of_every_body_is_named_in_plain_words(app: APIFlask, tenant: Tenant, rows: Rows) -> None:
    """All of them wrong at once."""
    world = World(tenant, rows)
    for operation, fields in _fields(app).items():
        for value in WRONG[:1]:
            answer = send(tenant.superadmin, operation, world, dict.fromkeys(fields, value))
            assert _named(operation, fields, answer) == set(fields), (operation, answer)


@pytest.mark.long
def test_whatever_is_wrong_with_a_field_is_said_in_plain_words(app: APIFlask, tenant: Tenant, rows: Rows) -> None:
    world = World(tenant, rows)
    for operation, fields in _fields(app).items():
        for field in fields:
            for value in WRONG:
                answer = send(tenant.superadmin, operation, world, {field: value})
                assert answer.status < 500 and _named(operation, [field], answer) <= {field}


def test_every_parameter_is_named_in_plain_words(app: APIFlask, tenant: Tenant, rows: Rows) -> None:
    world, count = World(tenant, rows), 0
    for operation in operations(app):
        method, path = operation.split(" ")
        declared = document(app)["paths"][path][method.lower()]["parameters"]
        names = [parameter["name"] for parameter in declared if parameter["in"] == "query"]
        if names:
            query = "?" + "&".join(f"{name}=" + "%00" * 400 for name in names)
            answer = send(tenant.superadmin, operation, world, query=query)
            assert _named(operation, names, answer) == set(names), (operation, answer)
            count += len(names)
    assert count > 100


def test_a_body_that_is_no_object_is_named_as_the_body(app: APIFlask, tenant: Tenant, rows: Rows) -> None:
    world = World(tenant, rows)
    for operation in _fields(app):
        method, path = operation.split(" ")
        answer = tenant.superadmin.call(method, world.address(path), [])
        assert (answer.status, answer.data["errors"]) == (422, {"body": ["must be a JSON object"]}), operation


def test_our_own_checks_say_what_they_say() -> None:
    assert sentence("value_error", "Value error, must be a day", {}) == "must be a day"
    assert sentence("greater_than_equal", "Input should be …", {"ge": 1}) == "must be at least 1"
    assert sentence("missing", "Field required", {}) == "is required"
