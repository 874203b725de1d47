"""What somebody else holds locked: a read says 503 and when to try again, a change 409."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from apiflask import APIFlask
from sqlalchemy import Connection, Engine, event, text

from tests.support.caller import Tenant

READS = (
    "/api/billing/customers",
    "/api/billing/customers?format=csv",
    "/api/billing/customers/{id}",
    "/api/billing/customers/{id}/sessions",
    "/api/billing/reports/usage/{username}",
    "/api/billing/reports/usage/{username}?format=csv",
)


@pytest.fixture
def impatient(app: APIFlask) -> Iterator[None]:
    """Locks are waited for less long than usual."""

    def hurry(connection: Connection) -> None:
        connection.exec_driver_sql("set local lock_timeout = '50ms'")

    engine: Engine = app.extensions["infora"].engine
    event.listen(engine, "begin", hurry)
    yield
    event.remove(engine, "begin", hurry)


def test_a_read_that_a_lock_holds_up_is_a_503(tenant: Tenant, owner: Engine, impatient: None) -> None:
    customer = tenant.customer()
    with owner.begin() as holder:
        holder.execute(text("lock table customers in access exclusive mode"))
        answers = {path: tenant.machine.get(path.format(**customer)) for path in READS}
    assert {path: (answer.status, answer.code) for path, answer in answers.items()} == dict.fromkeys(
        READS, (503, "busy")
    )
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers.values())
    assert tenant.machine.get(f"/api/billing/customers/{customer['id']}").status == 200


def test_a_change_of_a_locked_row_is_a_409_and_reads_of_it_go_on(
    tenant: Tenant, owner: Engine, impatient: None
) -> None:
    customer = tenant.customer()
    path = f"/api/billing/customers/{customer['id']}"
    with owner.begin() as holder:
        holder.execute(text("select from customers where id = :id for update"), {"id": customer["id"]})
        assert tenant.machine.get(path).status == 200
        answer = tenant.machine.post(f"{path}/suspend")
    assert (answer.status, answer.code) == (409, "busy")
    assert tenant.machine.post(f"{path}/suspend").status == 200
