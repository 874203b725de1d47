"""The packet that uses an allowance up is in force for the very next login, whatever the plan then asks for."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from models import Customer
from models.subscriptions.renewals import top_up
from tests.radius_client import Growth
from tests.wire.system import System
from tests.wire.tenant import Person, Tenant
from tests.wire.test_accounting import INTERIM, START, STOP, Session, eventually

GB = 10**9


def orders(system: System, person: Person) -> list[tuple[object, ...]]:
    """What is to be sent to routers on the customer's account, oldest first."""
    return system.sql("select kind, reason from outbox where customer_id = :id order by id", id=person.id)


def test_a_throttled_customer_is_slow_from_the_packet_on_that_crossed_his_cap(system: System, tenant: Tenant) -> None:
    john = tenant.on_plan(
        data_limit_bytes=5 * GB, bandwidth_limit=Decimal(20), over_limit="throttle", throttle_bandwidth=Decimal("0.512")
    )
    session = Session(tenant.router, john.username, "80f00001", tenant.login(john).klass)
    assert session.send(START)
    assert session.send(INTERIM, Growth(300, 0, 5 * GB - 1))
    before = tenant.login(john)
    assert (before.rate, before.limit) == ("20M/20M", 1)
    assert session.send(INTERIM, Growth(301, 1, 5 * GB - 1))
    after = tenant.login(john)
    assert (after.accepted, after.rate, after.limit) == (True, "512k/512k", None)
    eventually(lambda: orders(system, john), [("coa", "throttled")])


def test_a_top_up_opens_at_once_and_the_next_crossing_is_one_more_order(system: System, tenant: Tenant) -> None:
    john = tenant.on_plan(data_limit_bytes=GB)
    assert Session(tenant.router, john.username, "80f00001").send(STOP, Growth(60, 1, GB))
    assert not tenant.login(john).accepted
    eventually(lambda: orders(system, john), [("disconnect", "quota_exceeded")])
    with system.change() as session:
        top_up(session, session.get_one(Customer, (tenant.isp_id, john.id)), datetime.now(UTC), 10)
    assert tenant.login(john).limit == 9
    assert Session(tenant.router, john.username, "80f00002").send(STOP, Growth(60, 9, 0))
    assert not tenant.login(john).accepted
    eventually(lambda: [kind for kind, reason in orders(system, john) if reason == "quota_exceeded"],
               ["disconnect"] * 2)  # fmt: skip
