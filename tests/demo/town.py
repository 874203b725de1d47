"""The demo's people: two hundred customers on one plan, a router that lives, and what happens to them."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any, Protocol

from tests.radius_client.routeros import ADMIN_RESET, RouterOS, Session

PEOPLE = 200
PASSWORD = "demo-password"
PLAN = {"name": "Demo crowd", "bandwidth_limit": 20, "upload_limit": 5, "data_limit": 0.05, "over_limit": "throttle",
        "throttle_bandwidth": 1, "validity_days": 30, "price": 9.9}  # fmt: skip
MEGABYTE = 1_000_000
#: Seconds between two reports of a session: sooner than a router's, for there is only a minute.
INTERIM = 6.0


class Calls(Protocol):
    def call(self, method: str, path: str, body: object = None, content_type: str | None = None) -> Any:
        """The API."""


class Town:
    """Who is there, who is online, and what was done to whom."""

    def __init__(self, api: Calls, router: RouterOS) -> None:
        self._api, self._router = api, router
        self._dice = random.Random(2)  # noqa: S311  # a play's dice
        self._ids: dict[str, int] = {}
        self._online: dict[str, Session] = {}
        self._reported: dict[str, float] = {}
        self.counts: Counter[str] = Counter()
        self.last = ""
        self._suspended = ""

    def move_in(self) -> None:
        """Customers of an earlier demo stay; the others are imported."""
        plans = self._api.call("GET", "/api/billing/plans?per_page=100")["items"]
        plan = next((one["id"] for one in plans if one["name"] == PLAN["name"]), None)
        plan = plan or self._api.call("POST", "/api/billing/plans", PLAN)["id"]
        known = self._customers(plan)
        missing = [name for name in map(_name, range(PEOPLE)) if name not in known]
        if missing:
            rows = "".join(f"{name},{PASSWORD},{plan}\n" for name in missing)
            table = f"username,password,service_plan_id\n{rows}".encode()
            self._api.call("POST", "/api/billing/customers/import", table, "text/csv")
        self._ids = self._customers(plan)

    def _customers(self, plan: int) -> dict[str, int]:
        found: dict[str, int] = {}
        page = 1
        while True:
            answer = self._api.call("GET", f"/api/billing/customers?service_plan_id={plan}&per_page=100&page={page}")
            found |= {one["username"]: one["id"] for one in answer["items"]}
            if page >= answer["pages"]:
                return found
            page += 1

    @property
    def online(self) -> int:
        return len(self._online)

    def live(self, seconds: float) -> None:
        """What happens on the line in so many seconds: people come, use the network, and come back when cut."""
        for name, session in list(self._online.items()):
            if session.is_over:
                del self._online[name]
                self.counts["cut"] += session.cause == ADMIN_RESET
            else:
                self._use(name, session, seconds)
        for name in [one for one in self._ids if one not in self._online][: max(1, PEOPLE // 10)]:
            number = int(name.removeprefix("demo"))
            session = self._router.login(
                name, PASSWORD, mac=f"02:DE:00:00:00:{number:02X}", framed=f"10.99.0.{number + 1}"
            )
            self.counts["refused" if session is None else "logins"] += 1
            if session is not None:
                self._online[name] = session
                self._reported[name] = time.monotonic() - self._dice.uniform(0, INTERIM)

    def _use(self, name: str, session: Session, seconds: float) -> None:
        """As much as the rate lets through, now and then."""
        down = float(session.rate.partition("/")[2].rstrip("Mk") or 1)
        down *= 1_000_000 if session.rate.endswith("M") else 1000
        passed = session.carry(int(MEGABYTE / 20 * seconds), int(down / 8 * seconds * self._dice.random()))
        self.counts["octets"] += passed
        if time.monotonic() - self._reported.get(name, 0.0) >= INTERIM and not session.is_over:
            self._reported[name] = time.monotonic()
            session.interim()

    def act(self) -> None:
        """An operator does something."""
        if self._suspended:
            self._api.call("POST", f"/api/billing/customers/{self._ids[self._suspended]}/activate")
            self.last, self._suspended = f"activate {self._suspended}", ""
            return
        if not self._online:
            return
        name = self._dice.choice(sorted(self._online))
        customer = f"/api/billing/customers/{self._ids[name]}"
        action = self._dice.choice(("suspend", "disconnect", "topups", "renew"))
        self.last = f"{action} {name}"
        body: dict[str, Any] = {"topups": {"data_gb": 1}, "renew": {"periods": 1}}.get(action, {})
        self._api.call("POST", f"{customer}/{action}", body)
        if action == "suspend":
            self._suspended = name

    def go_home(self) -> None:
        """Everybody leaves, and nobody stays suspended."""
        if self._suspended:
            self.act()
        for session in self._online.values():
            session.stop()
        self._online.clear()


def _name(number: int) -> str:
    return f"demo{number}"
