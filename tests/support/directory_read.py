"""The database as the login process reads it: tenants for the tests of the directory's load, and the readings."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, text

from radius_module.directory import load
from radius_module.directory.contents import Contents
from radius_module.online.table import OnlineTable
from radius_module.rules.facts import Customer, Plan
from tests.support.database import Tenant, make_tenant

DAY = 86_400.0
_numbers = itertools.count(1)


def shops(engine: Engine) -> Callable[..., Tenant]:
    """shops(engine)(**…): a new tenant with one device, plan and customer, whose periods begin at `periods`."""

    def make(**changes: Any) -> Tenant:
        number = next(_numbers)
        wanted = {"address": f"10.200.{number}.0/24", "periods": (time.time() - 10 * DAY,)} | changes
        return make_tenant(engine, f"loaded {number}", **wanted)

    return make


def run(engine: Engine, statement: str, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def loaded(engine: Engine, online: OnlineTable | None = None) -> Contents:
    """A load of everything."""
    with engine.connect() as connection:
        return load.load(connection, online or OnlineTable())


def read(engine: Engine, shop: Tenant, online: OnlineTable | None = None) -> Customer:
    """The shop's customer after a load of everything; reading that customer alone must give the same."""
    whole, alone = loaded(engine, online), Contents()
    with engine.connect() as connection:
        load.refresh_customers(connection, alone, OnlineTable(), [shop.customer_id])
    found, again = (
        contents.customers[shop.customer_id]._replace(topups=tuple(sorted(contents.customers[shop.customer_id].topups)))
        for contents in (whole, alone)
    )
    assert found == again
    return found


def used(engine: Engine, shop: Tenant) -> int:
    online = OnlineTable()
    customer = read(engine, shop, online)
    now = time.time()
    return online.usage_and_slots(shop.customer_id, customer.period_start(now), now)[0]


def read_plan(engine: Engine, shop: Tenant) -> Plan:
    plans = loaded(engine).plans.values()
    return next(plan for plan in plans if plan.isp_id == shop.isp_id)
