"""A customer made over the API logs in over UDP from a router's address, and what the router counts is booked."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyrad.client import Client, Timeout
from pyrad.dictionary import Dictionary
from pyrad.packet import AccessAccept

#: Addresses that the network namespace has: ours, and a router's.
SERVER, ROUTER = "192.0.2.1", "192.0.2.9"
API = "http://127.0.0.1:5000"
_DICTIONARIES = Path("/usr/share/freeradius")
_FILES = ("dictionary.rfc2865", "dictionary.rfc2866", "dictionary.rfc2869", "dictionary.mikrotik")


def until(what: str, is_so: Callable[[], object], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.5)


def api_answers() -> bool:
    try:
        urllib.request.urlopen(API + "/healthz", timeout=2).close()  # noqa: S310
    except OSError:
        return False
    return True


class Operator:
    """The administrator, over HTTP."""

    def __init__(self, username: str, password: str) -> None:
        self._headers = {"Content-Type": "application/json"}
        token = self.call("POST", "/api/auth/login", {"username": username, "password": password})["token"]
        self._headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # JSON
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(API + path, data, self._headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()}") from None

    def inside(self, isp_id: int) -> None:
        self._headers["X-ISP-ID"] = str(isp_id)


def radius(secret: str) -> Client:
    dictionary = Dictionary(*(str(_DICTIONARIES / name) for name in _FILES))
    client = Client(SERVER, 1812, 1813, secret=secret.encode(), dict=dictionary, enforce_ma=True)
    client.timeout, client.retries = 3, 2
    client.bind((ROUTER, 0))
    return client


def logs_in(client: Client) -> bool:
    return answer(client).startswith("Access-Accept")


def answer(client: Client) -> str:
    """What the router is told, in words."""
    request = client.CreateAuthPacket(message_authenticator=True)
    request["User-Name"], request["NAS-IP-Address"] = "john@example.com", ROUTER
    request["User-Password"] = request.PwCrypt("customer123")
    request["Calling-Station-Id"] = "02:00:00:00:00:09"
    try:
        reply = client.SendPacket(request)
    except (Timeout, OSError) as error:
        return f"no answer: {type(error).__name__} {error}"
    if reply.code != AccessAccept:
        return f"refused: {reply['Reply-Message']}"
    names = sorted(str(name) for name in reply.keys())  # noqa: SIM118 - iterating gives codes, keys() gives names
    return f"Access-Accept with {', '.join(names)}"


def stop(client: Client) -> None:
    packet = client.CreateAcctPacket()
    packet["User-Name"], packet["NAS-IP-Address"] = "john@example.com", ROUTER
    packet["Acct-Status-Type"], packet["Acct-Session-Id"] = "Stop", "fresh-1"
    packet["Acct-Session-Time"], packet["Acct-Input-Octets"], packet["Acct-Output-Octets"] = 60, 1000, 2000
    client.SendPacket(packet)


def prove(username: str, password: str, say: Callable[[str], None]) -> Client:
    """All of it; returns the router."""
    operator = Operator(username, password)
    isp = operator.call("POST", "/api/isps", {"name": "Fresh ISP", "api_key": "auto-generated"})
    operator.inside(isp["id"])
    device = operator.call("POST", "/api/devices", {"name": "Router", "ip_address": ROUTER})
    plan = operator.call("POST", "/api/billing/plans", {"name": "10M", "price": "19.90", "bandwidth_limit": 10,
                                                        "data_limit": 100})  # fmt: skip
    john = {"full_name": "John", "email": "john@example.com", "password": "customer123", "service_plan_id": plan["id"]}
    operator.call("POST", "/api/billing/customers", john)
    client = radius(device["radius_secret"])
    deadline = time.monotonic() + 60
    while not (words := answer(client)).startswith("Access-Accept"):
        if time.monotonic() > deadline:
            raise SystemExit(f"no login within 60 s: {words}")
        time.sleep(0.5)
    say(f"{SERVER} to {ROUTER}: {words}")
    stop(client)
    usage = "/api/billing/reports/usage/john@example.com"
    until("usage in the books", lambda: operator.call("GET", usage)["total_bytes"] == 3000, 60)
    say("accounting acknowledged, and 3000 octets in the customer's usage")
    return client
