"""A database of an earlier release, brought to this one: nothing of it is lost or left behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from models import schema
from models.db import make_engine
from service.testing import Installation, free_ports

PARTITIONED = ("radacct", "radpostauth")


@pytest.fixture(scope="module")
def at_release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database of its own at the revision before names had a key, which `bring` takes to this one.

    A month of it is detached, and has a row that was booked late.
    """
    with Installation(tmp_path_factory.mktemp("release") / "s", *free_ports()) as installation:
        installation.start_postgres()
        engine = make_engine(installation.urls.owner, "tests")
        bring(engine, "0012")
        with engine.begin() as connection:
            connection.execute(text("select infora_make_partitions('2001-01-01', 1)"))
            connection.execute(_OLD_ROWS, {"name": "in time"})
            connection.execute(text("select infora_detach_partitions('2001-02-01', 10)"))
            connection.execute(_OLD_ROWS, {"name": "late"})
        yield engine
        engine.dispose()


_OLD_ROWS = text(
    "with session as (insert into radacct (isp_id, acctsessionid, session_month, acctstarttime, acctstoptime, username)"
    " values (1, 's', '2001-01-01', '2001-01-05', '2001-01-06', :name))"
    " insert into radpostauth (isp_id, authdate, username, reply, code) values (1, '2001-01-05', :name, 'r', 'c')"
)


def bring(engine: Engine, revision: str) -> None:
    with engine.connect() as connection:
        config = schema.config()
        config.attributes.update(connection=connection, engine_role="infora_engine", api_role="infora_api")
        command.upgrade(config, revision)
        connection.commit()


def test_names_that_collide_on_upgrade_go_on_and_block_nothing(at_release: Engine) -> None:
    """And periods that a renewal taken back by hand has left behind are gone."""
    names = ("σας", "ΣΑΣ", "Straße", "STRASSE", "254712345678", "bob")
    new = "insert into customers (isp_id, username, expires_at) values (:isp, :name, now() + interval '1 day')"
    with at_release.begin() as connection:
        isp_id = connection.scalar(text("insert into isps (name) values ('Old') returning id"))
        connection.execute(text(new), [{"isp": isp_id, "name": name} for name in names])
        connection.execute(
            text(
                "insert into subscriptions (isp_id, customer_id, period_start, period_end)"
                " select isp_id, id, now() + ahead, now() + ahead + interval '1 day' from customers,"
                " (values (interval '-1 day'), (interval '5 days')) as periods (ahead)"
            )
        )
    bring(at_release, "head")
    with at_release.begin() as connection:
        own = text("select username from customers where infora_customer_of(isp_id, username) = id order by id")
        assert tuple(connection.scalars(own)) == names
        twins = text("select username from customers where name_twin <> 0 order by id")
        assert connection.scalars(twins).all() == ["ΣΑΣ", "STRASSE"]
        assert connection.execute(text("update customers set phone = '1'")).rowcount == len(names)
        begun = text("select period_start <= now() from subscriptions")
        assert connection.scalars(begun).all() == [True] * len(names)


@pytest.mark.migrations
def test_a_month_that_was_detached_before_an_upgrade_can_be_attached_after_it(at_release: Engine) -> None:
    """Whatever the migrations between have done to its table; they need not think of it."""
    bring(at_release, "head")
    with at_release.begin() as connection:
        assert len(connection.scalars(text("select infora_reattach_partitions('2001-01-01')")).all()) == 2
        for table in PARTITIONED:
            rows = text(f"select username from {table} where tableoid = '{table}_200101'::regclass order by 1")  # noqa: S608
            assert connection.scalars(rows).all() == ["in time", "late"]


@pytest.mark.migrations
@pytest.mark.parametrize(
    "change",
    [
        "add column fresh integer",
        "add column fresh text not null default 'x' check (fresh <> '')",
        "drop column groupname",
        "alter column calledstationid type varchar(300)",
        "alter column username set not null",
        "add constraint sane check (acctsessiontime < 1000000000)",
    ],
)
def test_what_a_later_migration_may_do_to_sessions_reaches_detached_months(session: Session, change: str) -> None:
    session.execute(text("select infora_make_partitions('2001-01-01', 1)"))
    session.execute(text("select infora_detach_partitions('2001-02-01', 10)"))
    session.execute(text(f"alter table radacct {change}"))
    assert set(session.scalars(text("select infora_reattach_partitions('2001-01-01')"))) == {
        "radacct_200101", "radpostauth_200101"
    }  # fmt: skip
