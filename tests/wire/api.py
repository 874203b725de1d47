"""The admin API as a superadmin's program calls it, inside one tenant."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from apiflask import APIFlask

from admin_api import create_app
from admin_api.settings import from_environment
from tests.wire.system import System

#: The application of each system and the superadmin's token: one login for all tests.
_applications: WeakKeyDictionary[System, tuple[APIFlask, str]] = WeakKeyDictionary()


class Api:
    """In this process, on the installation's database and in the API's own role; what is committed is committed."""

    def __init__(self, system: System, isp_id: int) -> None:
        app, token = _applications.get(system) or (None, "")
        app = app or create_app(from_environment(system.installation.environment("api")))
        self._client = app.test_client()
        self._headers: dict[str, str] = {}
        token = token or self.call("POST", "/api/auth/login", system.demo["admin"])["token"]
        _applications[system] = app, token
        self._headers = {"Authorization": f"Bearer {token}", "X-ISP-ID": str(isp_id)}

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """`data` of an answer that says ok."""
        answer = self._answer(method, path, body)
        assert answer["ok"] is True, answer
        data: dict[str, Any] = answer["data"]
        return data

    def refused(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The whole of an answer that does not."""
        answer = self._answer(method, path, body)
        assert answer["ok"] is False, answer
        return answer

    def _answer(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        response = self._client.open(path, method=method, json=body or {}, headers=self._headers)
        answer: dict[str, Any] = response.get_json()
        return answer
