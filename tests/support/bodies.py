"""A body that is right for every operation that takes one: what the generated tests send."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache
from typing import Any

from apiflask import APIFlask

from tests.support.caller import PASSWORD, Answer, Caller
from tests.support.world import World

Body = dict[str, Any]
_numbers = itertools.count(1)
NEW_PASSWORD = "another-password-1"

BODIES: dict[str, Callable[[World, int], Body]] = {
    "POST /api/auth/login": lambda world, n: {"username": f"secret of {world.tenant.id}", "password": "0123456789"},
    "POST /api/auth/password": lambda world, n: {"current_password": PASSWORD, "new_password": NEW_PASSWORD},
    "POST /api/auth/totp": lambda world, n: {"current_password": PASSWORD},
    "POST /api/auth/totp/confirm": lambda world, n: {"otp": f"{n:06}"},
    "POST /api/auth/totp/recovery-codes": lambda world, n: {"current_password": PASSWORD, "otp": f"{n:06}"},
    "POST /api/auth/totp/disable": lambda world, n: {"current_password": PASSWORD, "otp": f"{n:06}"},
    "POST /api/isps": lambda world, n: {"name": f"Made {n}"},
    "PUT /api/isps/{id}": lambda world, n: {"company_name": f"Ltd {n}"},
    "PATCH /api/isps/{id}": lambda world, n: {"company_name": f"Ltd {n}"},
    "POST /api/users": lambda world, n: {"username": f"made {n}", "password": PASSWORD, "role": "viewer"},
    "PUT /api/users/{id}": lambda world, n: {"username": f"renamed {n}"},
    "PATCH /api/users/{id}": lambda world, n: {"username": f"renamed {n}"},
    "POST /api/devices": lambda world, n: {"name": f"Made {n}", "ip_address": f"172.20.{n // 250 % 250}.{n % 250 + 1}"},
    "PUT /api/devices/{id}": lambda world, n: {"name": f"Roof {n}"},
    "PATCH /api/devices/{id}": lambda world, n: {"name": f"Roof {n}"},
    "POST /api/devices/{id}/configure": lambda world, n: {"server": "203.0.113.10"},
    "POST /api/devices/{id}/configure/undo": lambda world, n: {"dry_run": n % 2 == 0},
    "POST /api/billing/plans": lambda world, n: {"name": f"Made {n}", "price": n},
    "PUT /api/billing/plans/{id}": lambda world, n: {"price": n},
    "PATCH /api/billing/plans/{id}": lambda world, n: {"price": n},
    "PUT /api/billing/plans/{id}/attributes/{attribute_id}": lambda world, n: {"value": f"value {n}"},
    "PATCH /api/billing/plans/{id}/attributes/{attribute_id}": lambda world, n: {"value": f"value {n}"},
    "POST /api/billing/customers": lambda world, n: {
        "username": f"made {n}", "password": "p", "service_plan_id": None,
    },
    "PUT /api/billing/customers/{id}": lambda world, n: {"phone": str(n)},
    "PATCH /api/billing/customers/{id}": lambda world, n: {"phone": str(n)},
    "POST /api/billing/customers/{id}/renew": lambda world, n: {"periods": 1},
    "POST /api/billing/customers/{id}/topups": lambda world, n: {"data_gb": 1},
    "POST /api/billing/customers/{id}/usage-corrections": lambda world, n: {"bytes_in": n, "reason": "counted twice"},
    "POST /api/billing/customers/{id}/attributes": lambda world, n: {"attribute": "Filter-Id", "value": f"v{n}"},
    "PUT /api/billing/customers/{id}/attributes/{attribute_id}": lambda world, n: {"value": f"value {n}"},
    "PATCH /api/billing/customers/{id}/attributes/{attribute_id}": lambda world, n: {"value": f"value {n}"},
    "POST /api/radius-api/auth": lambda world, n: {
        "username": f"user{world.tenant.id}", "password": "customer123", "nas_ip": world.device_address,
    },
    "POST /api/radius-api/accounting": lambda world, n: {
        "status_type": "Interim-Update", "session_id": f"s{n}", "username": f"user{world.tenant.id}", "input_octets": n,
        "nas_ip": world.device_address,
    },
}  # fmt: skip
BODIES |= {
    "PUT /api/billing/settings": lambda world, n: {"due_days": n % 300},
    "POST /api/billing/customers/bulk": lambda world, n: {"action": "suspend", "filter": {"search": f"nobody {n}"}},
    "POST /api/billing/customers/{id}/charges": lambda world, n: {"description": f"Fee {n}", "unit_price": "1.00"},
    "POST /api/billing/customers/{id}/charges/{charge_id}/reverse": lambda world, n: {"reason": f"mistake {n}"},
    "POST /api/billing/customers/{id}/quote": lambda world, n: {"action": "renew"},
    "POST /api/billing/customers/{id}/change-plan": lambda world, n: {"service_plan_id": world.ids["plan"]},
    "POST /api/billing/customers/{id}/cancel": lambda world, n: {"reason": f"moved {n}"},
    "POST /api/billing/payments": lambda world, n: {"amount": "5.00", "method": "bank", "reference": f"R{n}"},
    "POST /api/billing/payments/{id}/reverse": lambda world, n: {"reason": f"mistake {n}"},
    "POST /api/billing/payments/{id}/refund": lambda world, n: {"reason": f"too much {n}", "amount": "1.00"},
    "POST /api/billing/payments/{id}/assign": lambda world, n: {"customer_id": world.ids["customer"]},
    "POST /api/billing/drawers/{id}/close": lambda world, n: {"counted": "100.00"},
    "PUT /api/billing/mail-settings": lambda world, n: {
        "host": "mail.example.com",
        "sender": f"billing{n}@example.com",
    },
    "POST /api/billing/mail-settings/test": lambda world, n: {"to": f"somebody{n}@example.com"},
    "POST /api/billing/documents/{id}/send": lambda world, n: {"to": f"somebody{n}@example.com"},
    "POST /api/billing/documents": lambda world, n: {
        "customer_id": world.ids["customer"],
        "lines": [{"description": f"Router {n}", "unit_price": "5.00"}],
    },
    "POST /api/billing/documents/{id}/credit": lambda world, n: {"amount": "0.10", "reason": f"mistake {n}"},
    "POST /api/billing/invoice-runs": lambda world, n: {"until": "2026-01-31"},
}
BODIES["POST /api/billing/plans/{id}/attributes"] = BODIES["POST /api/billing/customers/{id}/attributes"]
#: Not JSON.
IMPORT = "POST /api/billing/customers/import"
#: What ends what others need comes last: attributes before their customers, those before plans, all before the ISP.
_LATE = ("POST /api/billing/customers/{id}/suspend", "POST /api/billing/customers/{id}/activate",
         "POST /api/billing/customers/{id}/topups/{topup_id}/undo",
         "POST /api/billing/customers/{id}/periods/{period_id}/undo",
         "POST /api/billing/customers/{id}/cancel", "POST /api/billing/payments/{id}/reverse",
         "DELETE /api/billing/customers/{id}/attributes/{attribute_id}",
         "DELETE /api/billing/plans/{id}/attributes/{attribute_id}", "POST /api/billing/quarantine/{id}/submit",
         "DELETE /api/billing/quarantine/{id}", "POST /api/network/requests/{id}/retry",
         "POST /api/billing/sessions/{session_id}/disconnect", "POST /api/billing/customers/{id}/disconnect",
         "POST /api/users/{id}/reset-totp", "DELETE /api/users/{id}", "DELETE /api/billing/customers/{id}",
         "DELETE /api/devices/{id}", "DELETE /api/billing/plans/{id}", "POST /api/isps/{id}/suspend",
         "POST /api/isps/{id}/activate", "DELETE /api/isps/{id}", "POST /api/isps/{id}/rotate-key",
         "POST /api/auth/password", "POST /api/auth/logout")  # fmt: skip


@cache
def document(app: APIFlask) -> dict[str, Any]:
    """Built once: the application builds it anew whenever it is asked."""
    spec = app.spec
    assert isinstance(spec, dict)
    return spec


@cache
def operations(app: APIFlask) -> list[str]:
    """Of the document, in an order in which one does not take away what the next needs."""
    paths = document(app)["paths"]
    names = [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]
    return sorted(names, key=lambda name: (_LATE.index(name) if name in _LATE else -1, name))


@cache
def schemas_of_bodies(app: APIFlask) -> dict[str, dict[str, Any]]:
    """Operation → schema, of those with a JSON body."""
    schemas = {}
    for operation in operations(app):
        method, path = operation.split(" ")
        content = document(app)["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
        if "application/json" in content:
            name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
            schemas[operation] = document(app)["components"]["schemas"][name]
    return schemas


def send(caller: Caller, operation: str, world: World, extra: Body | None = None, query: str = "") -> Answer:
    """The operation on the world's own rows, with a right body and whatever else."""
    method, path = operation.split(" ")
    address = world.address(path) + query
    if operation == IMPORT:
        text = f"username,password,service_plan_id\nimported{next(_numbers)},p,\n"
        return Answer(caller.raw(method, address, data=text, content_type="text/csv"))
    right_body = BODIES.get(operation)
    body = None if right_body is None else right_body(world, next(_numbers)) | (extra or {})
    return caller.call(method, address, body)
