"""kill -9 of the API and of the worker amid a payment and renewals: nothing is half, a second try does it once.

A moment or two of each; every statement, with PostgreSQL's death too, is in tests/fault/test_money.py.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from radius_module.enforce.duties.renewals import rounds_of
from tests.support.caller import Tenant
from tests.support.money_figures import Figures, figures
from tests.support.money_world import broken

MONTH = 30 * 86_400
#: What each act adds, once.
RENEWED = Figures(periods=1, charges=1, charged=1, payments=0, moved=1, credit=-1000, requests=1, audited=1,
                  expires=MONTH)  # fmt: skip
PAID = Figures(0, 0, 0, 1, 1, 700, 0, 0, 0)
CASES = [("before", "transfers", "renew"), ("commit", "outbox", "renew"), ("done", "outbox", "renew"),
         ("commit", "payments", "pay"), ("commit", "outbox", "worker")]  # fmt: skip


def paid_up(tenant: Tenant, ends: datetime) -> dict[str, Any]:
    """A customer who is billed without tax, has credit, and whose time ends then."""
    tenant.admin.put("/api/billing/settings", {"api_key_money": True})
    plan = tenant.plan(price="10.00", validity_days=30)["id"]
    customer = tenant.customer(service_plan_id=plan, expires_at=ends.isoformat())
    paid = {"customer_id": customer["id"], "amount": "60.00", "method": "bank"}
    assert tenant.machine.post("/api/billing/payments", paid).status == 201
    return customer


def request(act: str, tenant: Tenant, customer: dict[str, Any]) -> dict[str, Any]:
    """As a program sends it that will send it again."""
    path, body = {
        "renew": (f"/api/billing/customers/{customer['id']}/renew", {"periods": 1}),
        "pay": ("/api/billing/payments", {"customer_id": customer["id"], "amount": "7.00", "method": "bank",
                                          "reference": f"R-{customer['id']}"}),
    }[act]  # fmt: skip
    headers = {"X-API-Key": tenant.api_key, "Idempotency-Key": f"{act} {customer['id']}"}
    return {"path": path, "method": "POST", "json": body, "headers": headers}


def killed(environment: dict[str, str], when: str, table: str, what: str) -> int:
    """How the process ended."""
    command = [sys.executable, "-m", "tests.support.dying_process", when, table, what]
    return subprocess.run(command, env=os.environ | environment, check=False, timeout=120).returncode


@pytest.mark.parametrize(("when", "table", "act"), CASES)
def test_a_killed_process_leaves_nothing_half_and_the_second_try_does_it_once(
    environment: dict[str, str], owner: Engine, tenant: Tenant, when: str, table: str, act: str
) -> None:
    moment = datetime.now(UTC).replace(microsecond=0)
    customer = paid_up(tenant, moment + (timedelta(minutes=-1) if act == "worker" else timedelta(days=9)))
    with owner.begin() as connection:
        # Not by the API, which would renew at once.
        auto_renew = {"is_on": act == "worker", "id": customer["id"]}
        connection.execute(text("update customers set auto_renew = :is_on where id = :id"), auto_renew)

    def now() -> Figures:
        with owner.connect() as connection:
            return figures(connection, tenant.id, customer["id"])

    before, wanted = now(), PAID if act == "pay" else RENEWED
    what = "worker" if act == "worker" else json.dumps(request(act, tenant, customer))
    assert killed(environment, when, table, what) == -signal.SIGKILL
    assert now().less(before) == (wanted if when == "done" else Figures(*[0] * 9))
    for _ in range(2):
        if act == "worker":
            list(rounds_of(owner).run())
        else:
            assert tenant.app.test_client().open(**request(act, tenant, customer)).status_code in (200, 201)
        assert now().less(before) == wanted
    with owner.connect() as connection:
        assert broken(connection) == []
