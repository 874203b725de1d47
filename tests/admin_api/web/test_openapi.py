"""The document holds: whatever it allows or forbids, no answer is a 5xx, and each is as it says.

Every operation of it, none spared: what would end the caller is called by somebody who is there for that.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import schemathesis
from apiflask import APIFlask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from admin_api.web.errors import PROBLEM
from tests.support.access_table import WEAKEST
from tests.support.caller import Caller, Tenant
from tests.support.world import Rows, World

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
#: May end the caller's token, account or key: each call is somebody else's.
MORTAL = {"POST /api/auth/logout", "POST /api/auth/password", "POST /api/isps/{id}/rotate-key",
          "DELETE /api/users/{id}", "PATCH /api/users/{id}", "PUT /api/users/{id}"}  # fmt: skip
_numbers = itertools.count(1)


class Callers:
    """Whom an operation is called by."""

    def __init__(self, operation: str, tenant: Tenant, superadmin: Caller) -> None:
        self._operation, self._tenant, self._superadmin = operation, tenant, superadmin

    def headers(self) -> dict[str, str]:
        if self._operation in MORTAL:
            return self._tenant.operator("admin").headers
        return {} if WEAKEST[self._operation] in ("open", "own") else self._tenant.superadmin.headers

    def path_parameters(self, data: Any, world: World, path: str) -> dict[str, Any]:
        """Rows that are there; of ISPs to be deleted, also one that nothing stands in the way of."""
        parameters = world.parameters(path)
        if self._operation == "DELETE /api/isps/{id}" and data.draw(st.booleans()):
            parameters["id"] = self._superadmin.post("/api/isps", {"name": f"Empty {next(_numbers)}"}).data["id"]
        return parameters


@pytest.fixture(scope="module")
def document(app: APIFlask) -> Any:
    """As it is served."""
    return schemathesis.openapi.from_wsgi("/openapi.json", app)


def _check(document: Any, tenant: Tenant, superadmin: Caller, rows: Rows, operation: str, examples: int) -> None:
    method, path = operation.split(" ")
    world = World(tenant, rows) if "{" in path else None
    described = document[path][method]
    callers = Callers(operation, tenant, superadmin)

    @given(data=st.data())
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def holds(data: Any) -> None:
        modes = schemathesis.GenerationMode
        mode = data.draw(st.sampled_from([modes.POSITIVE, modes.NEGATIVE]))
        case = data.draw(described.as_strategy(generation_mode=mode))
        headers = callers.headers()
        for name in ("Authorization", *headers):
            case.headers.pop(name, None)
        if data.draw(st.integers(0, 4)):
            # Otherwise most changes would end at a version that is none, and most keys be refused.
            for name in ("X-ISP-ID", "Idempotency-Key", "If-Match"):
                case.headers.pop(name, None)
        if data.draw(st.booleans()):
            case.headers["Accept"] = data.draw(st.sampled_from([PROBLEM, "text/html", "application/json", "*/*"]))
        if world is not None and data.draw(st.booleans()):
            case.path_parameters = callers.path_parameters(data, world, path)
        case.call_and_validate(headers=headers, checks=CHECKS)

    holds()


@pytest.mark.usefixtures("accounting_is_stored")
@pytest.mark.parametrize("examples", [2, pytest.param(250, marks=pytest.mark.long)])
@pytest.mark.parametrize("operation", sorted(WEAKEST))
def test_answers_are_as_the_document_says(
    document: Any, tenant: Tenant, superadmin: Caller, rows: Rows, operation: str, examples: int
) -> None:
    _check(document, tenant, superadmin, rows, operation, examples)
