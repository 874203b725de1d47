"""A committed change is in force on the wire within 100 ms, whoever makes it and however; none is ever lost."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from models import Customer, Isp, ServicePlan
from models.customers.lifecycle import activate_customer, delete_customer, suspend_customer, update_customer
from models.subscriptions.plans import update_plan
from models.tenants.isps import activate_isp, suspend_isp
from tests.wire.api import Api
from tests.wire.postgres import kill_listeners
from tests.wire.router import Answer
from tests.wire.system import System
from tests.wire.tenant import PASSWORD, Person, Tenant

GB = 10**9
CHANGES = 200
IN_FORCE = 0.1
LOST = 10.0
#: Another go where the machine was busy with something else.
ROUNDS = 3

Seen = Callable[[Answer], bool]


class Change(NamedTuple):
    """What is done, and what the next answer must look like."""

    do: Callable[[], object]
    seen: Seen


def refused(word: str) -> Seen:
    return lambda answer: not answer.accepted and word in (answer.message or "")


def accepted(answer: Answer) -> bool:
    return answer.accepted


def through_the_models(tenant: Tenant, john: Person, plan_id: int) -> list[Change]:
    """As the worker and the import make them."""

    def customer(act: Callable[..., object], *more: object) -> Callable[[], None]:
        def do() -> None:
            with tenant.system.change() as session:
                act(session, session.get_one(Customer, (tenant.isp_id, john.id)), *more)

        return do

    def isp(act: Callable[..., object]) -> Callable[[], None]:
        def do() -> None:
            with tenant.system.change() as session:
                act(session, session.get_one(Isp, tenant.isp_id))

        return do

    def plan(speed: int) -> Callable[[], None]:
        def do() -> None:
            with tenant.system.change() as session:
                plan = session.get_one(ServicePlan, (tenant.isp_id, plan_id))
                update_plan(session, plan, {"bandwidth_limit": Decimal(speed)})

        return do

    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return [
        Change(customer(suspend_customer), refused("suspended")),
        Change(customer(activate_customer, tomorrow - timedelta(days=1)), accepted),
        Change(isp(suspend_isp), refused("suspended at the moment")),
        Change(isp(activate_isp), accepted),
        Change(plan(7), lambda answer: answer.rate == "7M/7M"),
        Change(plan(10), lambda answer: answer.rate == "10M/10M"),
    ]


def through_the_api(tenant: Tenant, john: Person, plan_id: int) -> list[Change]:
    """As an operator makes them."""
    api = Api(tenant.system, tenant.isp_id)
    customer, plan = f"/api/billing/customers/{john.id}", f"/api/billing/plans/{plan_id}"

    def call(method: str, path: str, body: dict[str, object], seen: Seen) -> Change:
        return Change(lambda: api.call(method, path, body), seen)

    return [
        call("POST", f"{customer}/suspend", {}, refused("is suspended")),
        call("POST", f"{customer}/activate", {}, accepted),
        call("PATCH", customer, {"mac_address": "02-00-00-00-00-77"}, refused("registered device")),
        call("PATCH", customer, {"mac_address": None}, accepted),
        call("PATCH", plan, {"bandwidth_limit": 30}, lambda answer: answer.rate == "30M/30M"),
        call("PATCH", plan, {"bandwidth_limit": 10}, lambda answer: answer.rate == "10M/10M"),
    ]


def by_hand(tenant: Tenant, john: Person, plan_id: int) -> list[Change]:
    """As somebody makes them in psql."""

    def sql(statement: str, seen: Seen) -> Change:
        named = {"isp": tenant.isp_id, "id": john.id, "plan": plan_id, "group": f"plan_{plan_id}"}
        used = {name: value for name, value in named.items() if f":{name}" in statement}
        return Change(lambda: tenant.system.sql(statement, **used), seen)

    return [
        sql("update customers set status = 'suspended' where id = :id", refused("is suspended")),
        sql("update customers set status = 'active' where id = :id", accepted),
        sql("update customers set expires_at = now() where id = :id", refused("expired")),
        sql("update customers set expires_at = now() + interval '1 day' where id = :id", accepted),
        sql("update service_plans set bandwidth_limit = 20 where isp_id = :isp and id = :plan",
            lambda answer: answer.rate == "20M/20M"),
        sql("update service_plans set bandwidth_limit = 10 where isp_id = :isp and id = :plan",
            lambda answer: answer.rate == "10M/10M"),
        sql("insert into radreply (isp_id, username, attribute, value) values (:isp, 'john', 'Filter-Id', 'x')",
            lambda answer: answer.reply.values(11) == [b"x"]),
        sql("delete from radreply where isp_id = :isp and attribute = 'Filter-Id'",
            lambda answer: answer.reply.values(11) == []),
        sql("update isps set status = 'suspended' where id = :isp", refused("suspended at the moment")),
        sql("update isps set status = 'active' where id = :isp", accepted),
        sql("update customers set mac_address = '02:00:00:00:00:77' where id = :id", refused("registered device")),
        sql("update customers set mac_address = null where id = :id", accepted),
        sql("update customers set static_ip = '10.11.12.13' where id = :id",
            lambda answer: answer.address == "10.11.12.13"),
        sql("update customers set static_ip = null where id = :id", lambda answer: answer.address is None),
        sql("insert into usage (isp_id, customer_id, period_start, bytes_in)"
            " select isp_id, customer_id, period_start, 5000000000 from subscriptions where customer_id = :id",
            refused("used up")),
        sql("insert into topups (isp_id, customer_id, period_start, data_bytes)"
            " select isp_id, customer_id, period_start, 7 from subscriptions where customer_id = :id",
            lambda answer: answer.limit == 7),
        sql("delete from topups where customer_id = :id", refused("used up")),
        sql("delete from usage where customer_id = :id", lambda answer: answer.limit == 5 * GB),
        sql("insert into radacct (isp_id, username, acctsessionid, callingstationid)"
            " values (:isp, 'john', '80f00009', '02:00:00:00:00:88')", refused("already in use")),
        sql("delete from radacct where isp_id = :isp", accepted),
        sql("insert into radgroupreply (isp_id, groupname, attribute, op, value)"
            " values (:isp, :group, 'Port-Limit', '=', '3')", lambda answer: answer.reply.integers(62) == [3]),
        sql("delete from radgroupreply where isp_id = :isp and groupname = :group and attribute = 'Port-Limit'",
            lambda answer: answer.reply.integers(62) == []),
    ]  # fmt: skip


def until_seen(tenant: Tenant, seen: Seen) -> float:
    """Log in without a pause until the answer is the new one; seconds that took."""
    begun = time.monotonic()
    while True:
        answer = tenant.router.ask_now(tenant.router.request("john", PASSWORD))
        taken = time.monotonic() - begun
        if answer is not None and seen(answer):
            return taken
        assert taken < LOST, "the change is lost"


def test_200_changes_through_the_api_and_by_hand_are_in_force_within_100_ms(tenant: Tenant) -> None:
    plan_id = tenant.plan(data_limit_bytes=5 * GB)
    john = tenant.customer(plan=plan_id)
    tenant.login(john)
    ways = (through_the_api, through_the_models, by_hand)
    changes = [change for way in ways for change in way(tenant, john, plan_id)]
    slowest = []
    for _ in range(ROUNDS):
        taken = []
        for change in itertools.islice(itertools.cycle(changes), CHANGES):
            change.do()
            taken.append(until_seen(tenant, change.seen))
        slowest.append(sorted(taken)[CHANGES * 99 // 100 - 1])
        if slowest[-1] <= IN_FORCE:
            return
    raise AssertionError(f"p99 of {ROUNDS} rounds: {slowest}")


def test_no_change_is_lost_while_the_listeners_connection_is_killed_again_and_again(tenant: Tenant) -> None:
    john = tenant.customer()
    tenant.login(john)
    changes = by_hand(tenant, john, 0)[:4]
    for number, change in enumerate(changes):
        if number % 2 == 0:
            while not kill_listeners(tenant.system.installation):
                time.sleep(0.01)
        change.do()
        if number % 2:
            kill_listeners(tenant.system.installation)
        until_seen(tenant, change.seen)


def test_a_truncated_or_massively_changed_table_is_read_anew(system: System, tenant: Tenant) -> None:
    """More rows than one NOTIFY names."""
    plan = tenant.plan()
    people = [tenant.customer(f"guest{number}", plan=plan) for number in (1, 2)]
    system.sql(
        "insert into customers (isp_id, username, expires_at) select :isp, 'bulk' || n, now() + interval '1 day'"
        " from generate_series(1, 400) n",
        isp=tenant.isp_id,
    )
    system.sql("update customers set status = 'suspended' where isp_id = :isp", isp=tenant.isp_id)
    assert not any(tenant.login(person).accepted for person in people)
    system.sql("update customers set status = 'active' where isp_id = :isp", isp=tenant.isp_id)
    assert all(tenant.login(person).accepted for person in people)


def test_a_new_password_counts_at_once_and_the_old_one_no_longer(tenant: Tenant) -> None:
    john = tenant.customer()
    assert tenant.login(john).accepted
    with tenant.system.change() as session:
        isp, row = session.get_one(Isp, tenant.isp_id), session.get_one(Customer, (tenant.isp_id, john.id))
        changes = {"password": "another one"}
        update_customer(session, tenant.system.keyring, isp, row, datetime.now(UTC), changes)
    assert not tenant.login(john).accepted
    assert tenant.login(john, "another one").accepted


def test_a_renamed_and_a_removed_customer_are_unknown_at_once(tenant: Tenant) -> None:
    john = tenant.customer()
    tenant.set_customer(john, "username = 'johnny'")
    assert not tenant.login(john).accepted
    assert tenant.router.login("johnny", PASSWORD).accepted
    with tenant.system.change() as session:
        delete_customer(session, session.get_one(Customer, (tenant.isp_id, john.id)))
    assert not tenant.router.login("johnny", PASSWORD).accepted
    assert tenant.codes(3) == ["unknown_customer", "accept", "unknown_customer"]
