"""History: partitions are there before they are needed, and go when nobody keeps them."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, exc, text

from radius_module.writer import retention
from tests.support.database import make_tenant


def run(engine: Engine, statement: str, **values: object) -> list[tuple[object, ...]]:
    with engine.begin() as connection:
        result = connection.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []


def partitions(engine: Engine) -> set[str]:
    rows = run(engine, "select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid")
    return {str(row[0]) for row in rows}


def test_months_ahead_exist_and_a_second_run_changes_nothing(books: Engine) -> None:
    retention.keep_house(books)
    ahead = run(books, "select to_char(now() at time zone 'UTC' + make_interval(months => n), '_YYYYMM') "
                       "from generate_series(0, 3) n")  # fmt: skip
    for (month,) in ahead:
        assert {f"radacct{month}", f"radpostauth{month}"} <= partitions(books)
    assert retention.keep_house(books) == (0, [], 0)


def test_each_tenant_keeps_as_long_as_it_says(books: Engine) -> None:
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
    done = retention.keep_house(books)
    assert len(done.dropped) == 6, done
    left = run(books, "select isp_id, count(*) from radacct group by 1 order by 1")
    assert left == [(short.isp_id, 2), (long.isp_id, 4)]
    left = run(books, "select isp_id, count(*) from radpostauth group by 1 order by 1")
    assert left == [(short.isp_id, 2), (long.isp_id, 4)]
    run(books, "update isps set retention_months = 24")
    retention.keep_house(books)


def test_this_month_and_the_last_are_never_dropped(books: Engine) -> None:
    with pytest.raises(exc.DBAPIError, match="never dropped"):
        run(books, "select infora_drop_partitions(now()::date)")
