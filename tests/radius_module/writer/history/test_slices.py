"""Each tenant keeps each kind of row as long as it says, and nobody can make it less."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, exc

from models.network.requests import outcomes
from radius_module.writer.history.history_clock import STEADY_FOR
from radius_module.writer.history.retention import GRACE
from tests.radius_module.writer.history.conftest import Job, run
from tests.support.database import Tenant, make_tenant

HOUR = 3600.0

#: table → a row of `:isp`, `:age` old.
ROWS = {
    "radacct": "insert into radacct (isp_id, acctsessionid, session_month, acctstoptime, device_id, username) "
               "values (:isp, 's', date_trunc('month', now() - cast(:age as interval))::date, now(), 1, 'x')",
    "radpostauth": "insert into radpostauth (isp_id, authdate, username, reply, code) "
                   "values (:isp, now() - cast(:age as interval), 'x', 'Access-Accept', 'accept')",
    "audit_log": "insert into audit_log (isp_id, created_at, actor, action, resource) "
                 "values (:isp, now() - cast(:age as interval), 'x', 'update', 'isps')",
    "quarantine": "insert into quarantine (isp_id, created_at, node, reason, record, octets) "
                  "values (:isp, now() - cast(:age as interval), 'n', 'r', '{}', '')",
    "outbox": "insert into outbox (isp_id, kind, reason, status, done_at) "
              "values (:isp, 'disconnect', 'by_hand', 'done', now() - cast(:age as interval))",
}  # fmt: skip
AGES = ("1 day", "40 days", "100 days", "200 days", "500 days")


@pytest.fixture
def pair(job: Job, owner: Engine) -> Iterator[tuple[Tenant, Tenant]]:
    """One that keeps everything for long, one that keeps each kind for another time; both with rows of each age."""
    run(owner, "delete from audit_log; delete from quarantine")
    number = run(owner, "select count(*) from isps")[0][0]
    long, short = (make_tenant(owner, f"{name} {number}", address=f"10.{octet}.{number}.1")
                   for octet, name in ((30, "long"), (31, "short")))  # fmt: skip
    run(owner, "update isps set retention_months = 20, login_retention_months = 2, audit_retention_months = 4,"
               " request_retention_days = 7, quarantine_retention_days = 150 where id = :id",
        id=short.isp_id)  # fmt: skip
    run(owner, "update isps set request_retention_days = 900, quarantine_retention_days = 900 where id = :id",
        id=long.isp_id)  # fmt: skip
    run(owner, "select infora_make_partitions((now() - interval '20 months')::date, 20)")
    for tenant in (long, short):
        for statement in ROWS.values():
            for age in AGES:
                run(owner, statement, isp=tenant.isp_id, age=age)
    yield long, short
    run(owner, "delete from audit_log; delete from quarantine; delete from outbox")
    run(owner, "update isps set request_retention_days = 90, quarantine_retention_days = 365")


def left(engine: Engine, table: str, tenant: Tenant) -> object:
    return run(engine, f"select count(*) from {table} where isp_id = :isp", isp=tenant.isp_id)[0][0]  # noqa: S608


def test_each_kind_is_kept_for_its_own_time(job: Job, pair: tuple[Tenant, Tenant]) -> None:
    long, short = pair
    job.after(STEADY_FOR)
    job.after(GRACE)
    job.after(HOUR)
    with job.engine.begin() as connection:
        while outcomes.forget_old(connection):
            pass
    assert {table: left(job.engine, table, short) for table in ROWS} == {
        "radacct": 5, "radpostauth": 2, "audit_log": 3, "quarantine": 3, "outbox": 1,
    }  # fmt: skip
    assert {table: left(job.engine, table, long) for table in ROWS} == dict.fromkeys(ROWS, 5)


def test_rows_of_no_tenant_and_of_one_that_is_gone_stay_as_long_as_the_longest_kept(
    job: Job, owner: Engine, pair: tuple[Tenant, Tenant]
) -> None:
    for age in ("500 days", "800 days"):
        run(owner, ROWS["audit_log"], isp=None, age=age)
        run(owner, ROWS["audit_log"], isp=987_654, age=age)
    for age in ("500 days", "1000 days"):
        run(owner, ROWS["quarantine"], isp=0, age=age)
    job.after(STEADY_FOR)
    job.after(GRACE)
    job.after(HOUR)
    assert run(owner, "select count(*) from audit_log where isp_id is null") == [(1,)]
    assert run(owner, "select count(*) from audit_log where isp_id = 987654") == [(1,)]
    assert run(owner, "select count(*) from quarantine where isp_id = 0") == [(1,)]


def test_the_writer_cannot_remove_from_the_audit_log_what_a_tenant_keeps(
    engine: Engine, pair: tuple[Tenant, Tenant]
) -> None:
    with pytest.raises(exc.DBAPIError, match="permission denied"):
        run(engine, "delete from audit_log")
    with pytest.raises(exc.DBAPIError, match="permission denied"):
        run(engine, "update audit_log set actor = 'nobody'")
    run(engine, "select infora_prune_audit('9999-01-01', 5000)")
    assert [left(engine, "audit_log", tenant) for tenant in pair] == [5, 3]


def test_a_large_log_goes_in_slices(engine: Engine, pair: tuple[Tenant, Tenant]) -> None:
    assert run(engine, "select infora_prune_audit(now()::date, 1)") == [(1,)]
    assert left(engine, "audit_log", pair[1]) == 4
