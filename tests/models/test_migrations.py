"""Models and migrations make the same schema, and what models cannot say is there as well."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models import Base, schema
from service.testing import Installation

PARTITIONED = ("radacct", "radpostauth")


CHANGES = (
    "create table too_many (x integer)",
    "drop table set_aside",
    "alter table customers drop column phone",
    "alter table customers alter column phone set not null",
    "alter table service_plans alter column simultaneous_use set default 2",
    "alter table radacct alter column acctuniqueid set default md5('x')",
    "alter table usage alter column bytes_in type integer",
    "drop index ix_outbox_isp_id_customer_id",
    "alter table topups drop constraint fk_topups_isp_id_isps",
    "alter table subscriptions drop constraint uq_subscriptions_isp_id_customer_id_period_start",
)


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Partitions are made by a job and are in no model."""
    return kind != "table" or re.match("(radacct|radpostauth)_", name or "") is None


def differences(connection: Connection) -> list[object]:
    """What alembic would still have to do."""
    options = {"compare_type": True, "compare_server_default": True, "include_name": is_ours}
    differences = compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)
    return [difference for difference in differences if not is_random(connection, difference)]


def is_random(connection: Connection, difference: object) -> bool:
    """alembic asks the database whether two defaults are equal, which two random values never are: this one is read."""
    if "modify_default" not in str(difference) or "acctuniqueid" not in str(difference):
        return False
    given = (
        "select column_default from information_schema.columns "
        "where table_name = 'radacct' and column_name = 'acctuniqueid'"
    )
    return bool(connection.scalar(text(given)) == "md5((gen_random_uuid())::text)")


@pytest.mark.migrations
def test_models_and_migrations_agree(owner: Engine) -> None:
    with owner.connect() as connection:
        assert differences(connection) == []


@pytest.mark.migrations
@pytest.mark.parametrize("change", CHANGES)
def test_the_comparison_sees_what_differs(owner: Engine, change: str) -> None:
    """A check that has never failed proves nothing."""
    with owner.connect() as connection:
        connection.execute(text(change))
        assert len(differences(connection)) == 1
        connection.rollback()


@pytest.mark.migrations
def test_check_constraints_are_those_of_the_models(owner: Engine) -> None:
    """alembic does not compare them."""
    wanted = {
        (table.name, str(constraint.name))
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if type(constraint).__name__ == "CheckConstraint"
    }
    with owner.connect() as connection:
        rows = connection.execute(
            text(
                "select c.relname::text, k.conname::text from pg_constraint k join pg_class c on c.oid = k.conrelid "
                "join pg_namespace n on n.oid = c.relnamespace "
                "where k.contype = 'c' and n.nspname = 'public' and not c.relispartition"
            )
        )
        assert {(table, name) for table, name in rows} == wanted


def test_the_revision_found_is_the_one_wanted(owner: Engine) -> None:
    assert schema.revision_found(owner) == schema.revision_wanted()


def test_an_upgrade_may_be_repeated(installation: Installation, owner: Engine) -> None:
    schema.upgrade(installation.urls.owner)
    assert schema.revision_found(owner) == schema.revision_wanted()


def test_the_functions_that_the_parts_call_are_there(owner: Engine) -> None:
    wanted = {
        "infora_notify", "infora_notify_all", "infora_find_customer", "infora_touch", "infora_make_partitions",
        "infora_detach_partitions", "infora_reattach_partitions", "infora_drop_detached",
        "infora_wall_in", "infora_close",
    }  # fmt: skip
    with owner.connect() as connection:
        functions = set(connection.scalars(text("select proname::text from pg_proc where proname like 'infora_%'")))
    assert wanted <= functions


def test_functions_with_their_owners_rights_look_names_up_nowhere_else(owner: Engine) -> None:
    """A security definer without a fixed search path would run whatever a caller puts before `public`."""
    with owner.connect() as connection:
        loose = connection.scalars(
            text(
                "select proname::text from pg_proc where prosecdef and proname like 'infora_%' and "
                "not coalesce('search_path=public, pg_temp' = any(proconfig), false)"
            )
        )
        assert list(loose) == []


@pytest.mark.parametrize(
    ("trigger", "tables"),
    [
        ("find_customer", {"radcheck", "radreply", "radusergroup"}),
        ("find_owner", {"radacct"}),
        (
            "touch",
            {"isps", "users", "mikrotik_devices", "service_plans", "customers", "billing_settings", "smtp_settings"},
        ),
    ],
)
def test_triggers_are_there(owner: Engine, trigger: str, tables: set[str]) -> None:
    with owner.connect() as connection:
        protected = connection.scalars(
            text(
                "select c.relname::text from pg_trigger t join pg_class c on c.oid = t.tgrelid "
                "where t.tgname = :name and not c.relispartition"
            ),
            {"name": trigger},
        )
        assert set(protected) == tables


def partitions(session: Session, parent: str) -> set[str]:
    """The months there are, and `default`."""
    rows = session.scalars(
        text("select inhrelid::regclass::text from pg_inherits where inhparent = cast(:parent as regclass)"),
        {"parent": parent},
    )
    return {name.removeprefix(f"{parent}_") for name in rows}


@pytest.mark.parametrize("table", PARTITIONED)
def test_partitions_of_last_this_and_the_next_months_are_there_from_the_beginning(session: Session, table: str) -> None:
    now = datetime.now(UTC)
    month = now.year * 12 + now.month - 1
    months = {f"{number // 12}{number % 12 + 1:02}" for number in range(month - 1, month + 4)}
    assert partitions(session, table) >= {"default", *months}


def test_partitions_are_made_once_across_the_turn_of_a_year(session: Session) -> None:
    make = text("select infora_make_partitions(:first, 3)")
    before = {table: partitions(session, table) for table in PARTITIONED}
    assert session.scalar(make, {"first": date(2040, 11, 30)}) == 6
    for table in PARTITIONED:
        assert partitions(session, table) - before[table] == {"204011", "204012", "204101"}
    assert session.scalar(make, {"first": date(2040, 11, 1)}) == 0


@pytest.mark.parametrize(
    ("moment", "partition"),
    [
        ("2040-11-01 00:00:00+00", "204011"),
        ("2040-11-30 23:59:59.999999+00", "204011"),
        ("2040-12-01 00:00:00+00", "204012"),
    ],
)  # fmt: skip
def test_a_row_goes_to_the_month_of_its_time_in_utc(session: Session, moment: str, partition: str) -> None:
    session.execute(text("select infora_make_partitions('2040-11-01', 2)"))
    session.execute(text("set local timezone to 'Asia/Manila'"))
    session.execute(
        text("insert into radpostauth (isp_id, authdate, username, reply, code) values (1, :at, 'u', 'r', 'c')"),
        {"at": moment},
    )
    assert session.scalar(
        text("select tableoid::regclass::text from radpostauth where authdate = :at"), {"at": moment}
    ) == (f"radpostauth_{partition}")


def test_partitions_are_detached_and_dropped_when_they_are_old_and_never_the_latest(session: Session) -> None:
    session.execute(text("select infora_make_partitions('2001-01-01', 2)"))
    old = {"radacct_200101", "radpostauth_200101"}
    assert set(session.scalars(text("select infora_detach_partitions('2001-02-01', 10)"))) == old
    assert "200102" in partitions(session, "radacct")
    assert set(session.scalars(text("select infora_drop_detached('2001-02-01', 9)"))) == set()
    assert set(session.scalars(text("select infora_drop_detached('2001-02-01', 10)"))) == old
    with pytest.raises(DBAPIError, match="never detached"):
        session.scalars(text("select infora_detach_partitions(now()::date, 10)")).all()


def test_a_change_moves_updated_at_though_nobody_sets_it(session: Session) -> None:
    isp_id = session.scalar(text("insert into isps (name) values ('touched') returning id"))
    before = session.scalar(text("select updated_at from isps where id = :id"), {"id": isp_id})
    session.execute(text("update isps set name = 'again' where id = :id"), {"id": isp_id})
    after = session.scalar(text("select updated_at from isps where id = :id"), {"id": isp_id})
    assert before is not None
    assert after is not None
    assert after > before
