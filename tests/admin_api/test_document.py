"""The document holds: whatever it allows or forbids, no answer is a 5xx, and each is as it says."""

from __future__ import annotations

import os
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

from tests.admin_api.access_table import WEAKEST
from tests.admin_api.caller import Tenant
from tests.admin_api.world import Rows, World

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
#: Ends the caller's own token, or his tenant.
_SPARED = {"POST /api/auth/logout", "DELETE /api/isps/{id}", "POST /api/isps/{id}/rotate-key", "DELETE /api/users/{id}",
           "PATCH /api/users/{id}", "PUT /api/users/{id}", "POST /api/auth/password"}  # fmt: skip
EXAMPLES = int(os.environ.get("API_DOCUMENT_EXAMPLES", "4"))


@pytest.mark.usefixtures("accounting_is_stored")
@pytest.mark.parametrize("operation", [one for one in sorted(WEAKEST) if one not in _SPARED])
def test_answers_are_as_the_document_says(app: APIFlask, tenant: Tenant, rows: Rows, operation: str) -> None:
    method, path = operation.split(" ")
    world = World(tenant, rows) if "{" in path else None
    document = schemathesis.openapi.from_wsgi("/openapi.json", app)
    described = document[path][method]
    headers = {} if WEAKEST[operation] in ("open", "own") else tenant.superadmin.headers

    @given(data=st.data())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def holds(data: Any) -> None:
        modes = schemathesis.GenerationMode
        mode = data.draw(st.sampled_from([modes.POSITIVE, modes.NEGATIVE]))
        case = data.draw(described.as_strategy(generation_mode=mode))
        for name in ("X-ISP-ID", "Idempotency-Key", "If-Match", "Authorization"):
            case.headers.pop(name, None)
        if world is not None and data.draw(st.booleans()):
            case.path_parameters = world.parameters(path)
        case.call_and_validate(headers=headers, checks=CHECKS)

    holds()
