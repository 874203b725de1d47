"""History: partitions are there before they are needed, and go when nobody keeps them and the clock is right."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, exc

from radius_module.writer.history.history_clock import STEADY_FOR
from radius_module.writer.history.retention import GRACE, Removed
from tests.radius_module.writer.history.conftest import Job, partitions, run
from tests.support.database import Tenant, make_tenant

HOUR, DAY = 3600.0, 86_400.0


@pytest.fixture
def old_month(books: Engine, tenant: Tenant) -> str:
    """A month that nobody keeps, with a session and a login in it; and a session of now."""
    run(books, "select infora_make_partitions((now() - interval '30 months')::date, 1)")
    for months in (0, 30):
        run(books,
            "insert into radacct (isp_id, acctsessionid, session_month, acctstoptime, device_id, username) "
            "select :isp, 's', date_trunc('month', now() - make_interval(months => :months))::date, now(), 1, 'x'",
            isp=tenant.isp_id, months=months)  # fmt: skip
        run(books, "insert into radpostauth (isp_id, authdate, username, reply, code) "
                   "values (:isp, now() - make_interval(months => :months), 'x', 'Access-Accept', 'accept')",
            isp=tenant.isp_id, months=months)  # fmt: skip
    return str(run(books, "select to_char(now() - interval '30 months', 'YYYYMM')")[0][0])


def rows(engine: Engine) -> tuple[object, object]:
    return (run(engine, "select count(*) from radacct")[0][0], run(engine, "select count(*) from radpostauth")[0][0])


def test_months_ahead_exist_and_a_second_run_changes_nothing(job: Job) -> None:
    job.after(0)
    ahead = run(job.engine, "select to_char(now() at time zone 'UTC' + make_interval(months => n), '_YYYYMM') "
                            "from generate_series(0, 3) n")  # fmt: skip
    for (month,) in ahead:
        assert {f"radacct{month}", f"radpostauth{month}"} <= partitions(job.engine)
    assert job.after(0) == Removed()


def test_a_month_that_nobody_keeps_is_detached_kept_for_a_week_and_dropped(job: Job, old_month: str) -> None:
    both = (f"radacct_{old_month}", f"radpostauth_{old_month}")
    assert job.after(0) == Removed(), "at the start nothing is removed"
    assert job.after(STEADY_FOR - 1) == Removed()
    assert job.after(1) == Removed(detached=both)
    assert rows(job.engine) == (1, 1)
    assert run(job.engine, f"select count(*) from {both[0]}") == [(1,)]  # noqa: S608
    assert job.after(GRACE - 1) == Removed()
    assert job.after(1) == Removed(dropped=both)
    assert run(job.engine, "select to_regclass(:name) is null", name=both[0]) == [(True,)]
    assert job.after(HOUR) == Removed()


def test_a_month_that_somebody_keeps_after_all_comes_back_with_its_rows(job: Job, old_month: str) -> None:
    job.after(STEADY_FOR)
    assert rows(job.engine) == (1, 1)
    run(job.engine, "update isps set retention_months = 36 where id = (select min(id) from isps)")
    assert job.after(HOUR).attached == (f"radacct_{old_month}", f"radpostauth_{old_month}")
    assert rows(job.engine) == (2, 2)


def test_a_clock_three_years_ahead_removes_nothing_and_says_so(
    job: Job, old_month: str, caplog: pytest.LogCaptureFixture
) -> None:
    job.ahead = 3 * 365 * DAY
    job.restarted()
    for _ in range(3):
        assert job.after(GRACE) == Removed()
    assert rows(job.engine) == (2, 2)
    assert "apart" in str(job.retention.alarm)
    assert run(job.engine, "select alarm from history_clock") == [(job.retention.alarm,)]
    assert [record.levelname for record in caplog.records if "apart" in record.message] == ["WARNING"]
    job.ahead = 0.0
    job.restarted()
    assert job.after(STEADY_FOR).detached
    assert run(job.engine, "select alarm from history_clock") == [(None,)]


def test_a_clock_that_is_set_while_it_runs_stops_the_removal(job: Job, old_month: str) -> None:
    job.after(HOUR)
    job.ahead += 2 * HOUR
    assert job.after(GRACE) == Removed()
    assert "moved by +2.0 hours" in str(job.retention.alarm)


def test_a_confirmed_clock_removes_again_an_hour_later(job: Job, old_month: str) -> None:
    run(job.engine, "update history_clock set verified_at = now() - interval '41 days'")
    assert job.after(STEADY_FOR) == Removed()
    assert "41 days past the last time" in str(job.retention.alarm)
    run(job.engine, "update history_clock set verified_at = now(), confirmed_at = now()")
    assert job.after(HOUR) == Removed(), "from then on the clock has to run for an hour"
    assert job.retention.alarm is None
    assert job.after(HOUR).detached


def test_each_tenant_keeps_as_long_as_it_says(job: Job) -> None:
    books = job.engine
    short = make_tenant(books, "keeps 3 months", address="10.9.1.1")
    long = make_tenant(books, "keeps 30 months", address="10.9.2.1")
    run(books, "update isps set retention_months = case id when :short then 3 when :long then 30 else 24 end",
        short=short.isp_id, long=long.isp_id)  # fmt: skip
    run(books, "select infora_make_partitions((now() - interval '33 months')::date, 33)")
    for tenant in (short, long):
        for months in (1, 2, 5, 29, 32):
            run(books,
                "insert into radacct (isp_id, acctsessionid, session_month, acctstoptime, device_id, username) "
                "select :isp, 's', date_trunc('month', now() - make_interval(months => :months))::date, now(), 1, 'x'",
                isp=tenant.isp_id, months=months)  # fmt: skip
            run(books, "insert into radpostauth (isp_id, authdate, username, reply, code) "
                       "values (:isp, now() - make_interval(months => :months), 'x', 'Access-Accept', 'accept')",
                isp=tenant.isp_id, months=months)  # fmt: skip
    first = job.after(STEADY_FOR)
    assert (len(first.detached), first.deleted) == (6, 0), "a month must have run for a week before rows go by it"
    assert job.after(GRACE - 1).deleted == 0
    last = job.after(HOUR)
    assert (len(last.dropped), last.deleted) == (6, 4)
    left = run(books, "select isp_id, count(*) from radacct group by 1 order by 1")
    assert left == [(short.isp_id, 2), (long.isp_id, 4)]
    left = run(books, "select isp_id, count(*) from radpostauth group by 1 order by 1")
    assert left == [(short.isp_id, 2), (long.isp_id, 4)]


def test_rows_that_a_wrong_clock_put_elsewhere_are_in_their_month_when_it_comes(job: Job, tenant: Tenant) -> None:
    for day in ("2051-03-01 00:00:00+00", "2051-03-31 23:59:59+00", "2051-04-01 00:00:00+00"):
        run(job.engine, "insert into radpostauth (isp_id, authdate, username, reply, code) "
                        "values (:isp, :day, 'x', 'Access-Accept', 'accept')", isp=tenant.isp_id, day=day)  # fmt: skip
    run(job.engine, "insert into radacct (isp_id, acctsessionid, session_month, device_id, username) "
                    "values (:isp, 's', '2051-03-01', 1, 'x')", isp=tenant.isp_id)  # fmt: skip
    assert run(job.engine, "select infora_make_partitions('2051-03-15', 1)") == [(2,)]
    places = run(job.engine, "select tableoid::regclass::text from radpostauth union all "
                             "select tableoid::regclass::text from radacct order by 1")  # fmt: skip
    assert places == [("radacct_205103",), ("radpostauth_205103",), ("radpostauth_205103",), ("radpostauth_default",)]


def test_this_month_and_the_last_are_never_detached(books: Engine) -> None:
    with pytest.raises(exc.DBAPIError, match="never detached"):
        run(books, "select infora_detach_partitions(now()::date, 0)")
