"""The running system's HTTP API, as the demo's operator calls it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any


class ApiError(Exception):
    """An answer that says no; its text is the API's."""


class Api:
    """The tenant's administrator."""

    def __init__(self, description: dict[str, Any]) -> None:
        self._base = description["api"]
        self._headers = {"Content-Type": "application/json"}
        token = self.call("POST", "/api/auth/login", description["admin"])["token"]
        self._headers |= {"Authorization": f"Bearer {token}", "X-ISP-ID": str(description["isp"]["id"])}

    def call(self, method: str, path: str, body: object = None, content_type: str | None = None) -> Any:
        """`data` of the answer. Raises ApiError, and OSError where nobody answers."""
        octets = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        headers = self._headers | ({"Content-Type": content_type} if content_type else {})
        request = urllib.request.Request(  # noqa: S310  # our own address
            self._base + path, data=octets, method=method, headers=headers
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # as above
                return json.load(answer)["data"]
        except urllib.error.HTTPError as wrong:
            with wrong:
                raise ApiError(f"{method} {path}: {wrong.read().decode(errors='replace')[:300]}") from None
