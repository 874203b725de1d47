"""Calls the API as a client does, and remembers nothing but its credentials."""

from __future__ import annotations

import itertools
import json
from functools import cached_property
from typing import Any

from apiflask import APIFlask
from flask.testing import FlaskClient

PASSWORD = "operators-password"
_numbers = itertools.count(1)


class Answer:
    """`data` of the envelope; every answer has one."""

    def __init__(self, response: Any) -> None:
        self.response = response
        self.status: int = response.status_code
        self.headers = response.headers
        self.body: dict[str, Any] = json.loads(response.get_data())

    @property
    def data(self) -> Any:
        assert set(self.body) == {"ok", "message", "data"}, self.body
        assert self.body["ok"] is (self.status < 400)
        return self.body["data"]

    @property
    def code(self) -> str:
        return str(self.data["code"])

    def __repr__(self) -> str:
        return f"{self.status} {self.body}"


class Caller:
    """`headers` go with every request."""

    def __init__(self, app: APIFlask, headers: dict[str, str] | None = None) -> None:
        self.app = app
        self.headers = headers or {}

    def inside(self, isp_id: int) -> Caller:
        return Caller(self.app, self.headers | {"X-ISP-ID": str(isp_id)})

    def raw(self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any) -> Any:
        client: FlaskClient = self.app.test_client()
        return client.open(path, method=method, headers=self.headers | (headers or {}), buffered=True, **options)

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        options = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return Answer(self.raw(method, path, headers, **options))

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, None, headers)

    def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        return self.call("POST", path, body, headers)

    def patch(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Answer:
        return self.call("PATCH", path, body, headers)

    def put(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Answer:
        return self.call("PUT", path, body, headers)

    def delete(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return self.call("DELETE", path, None, headers)


class Tenant:
    """An ISP and those who work for it."""

    def __init__(self, app: APIFlask, superadmin: Caller, name: str) -> None:
        created = superadmin.post("/api/isps", {"name": name, "api_key": "auto-generated"})
        assert created.status == 201, created
        self.app = app
        self.id: int = created.data["id"]
        self.api_key: str = created.data["api_key"]
        self.radius_secret: str = created.data["radius_secret"]
        self.superadmin = superadmin.inside(self.id)
        self.machine = Caller(app, {"X-API-Key": self.api_key})

    def block(self, number: int) -> str:
        """The first three octets of addresses that no other tenant has; `number` tells its blocks apart."""
        return f"10.{number + self.id // 250}.{self.id % 250}"

    def operator(self, role: str) -> Caller:
        """A new operator with that role, logged in."""
        name = f"{role}-{self.id}-{next(_numbers)}"
        created = self.superadmin.post("/api/users", {"username": name, "password": PASSWORD, "role": role})
        assert created.status == 201, created
        token = Caller(self.app).post("/api/auth/login", {"username": name, "password": PASSWORD}).data["token"]
        return Caller(self.app, {"Authorization": f"Bearer {token}"})

    @cached_property
    def admin(self) -> Caller:
        return self.operator("admin")

    @cached_property
    def staff(self) -> Caller:
        return self.operator("staff")

    @cached_property
    def cashier(self) -> Caller:
        return self.operator("cashier")

    @cached_property
    def viewer(self) -> Caller:
        return self.operator("viewer")

    def plan(self, **fields: Any) -> dict[str, Any]:
        created = self.superadmin.post("/api/billing/plans", {"name": "Basic", "bandwidth_limit": 10} | fields)
        assert created.status == 201, created
        data: dict[str, Any] = created.data
        return data

    def customer(self, **fields: Any) -> dict[str, Any]:
        new = {"email": f"customer{next(_numbers)}@example.com", "password": "customer123", "service_plan_id": None}
        body = new | fields
        created = self.machine.post("/api/billing/customers", body)
        assert created.status == 201, created
        data: dict[str, Any] = created.data
        return data

    def device(self, **fields: Any) -> dict[str, Any]:
        number = next(_numbers)
        address = f"11.{number // 62500}.{number // 250 % 250}.{number % 250 + 1}"
        body = {"name": "Router", "ip_address": address} | fields
        created = self.superadmin.post("/api/devices", body)
        assert created.status == 201, created
        data: dict[str, Any] = created.data
        return data
