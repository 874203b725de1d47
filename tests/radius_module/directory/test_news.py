"""What changes is notified: NOTIFY of every table, on a real PostgreSQL."""

# ruff: noqa: S608  # statements are made of this file's own words and numbers

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg2
import pytest
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT
from sqlalchemy import Engine, text

from models.db import libpq_url, make_engine
from service.testing import Installation
from tests.support.database import Tenant, make_tenant

ORIGIN = "this-node"
USER_ROW = "(isp_id, username, attribute, value) values ({isp}, 'John', 'x', 'x')"
GROUP_ROW = "(isp_id, groupname, attribute, value) values ({isp}, 'plan_{plan}', 'x', 'x')"
#: table → (topic, how a row comes, how it changes); the row's id is told where the topic is the table's own.
CHANGES = {
    "radgroupcheck": ("plans", GROUP_ROW, "value = 'y'"),
    "radgroupreply": ("plans", GROUP_ROW, "value = 'y'"),
    "radcheck": ("customers", USER_ROW, "value = 'y'"),
    "radreply": ("customers", USER_ROW, "value = 'y'"),
    "radusergroup": ("customers", "(isp_id, username, groupname) values ({isp}, 'John', 'x')", "groupname = 'y'"),
    "subscriptions": (
        "customers",
        "(isp_id, customer_id, period_start, period_end) values ({isp}, {customer}, now(), 'tomorrow')",
        "price_minor = 5",
    ),
    "topups": (
        "customers",
        "(isp_id, customer_id, period_start, data_bytes) values ({isp}, {customer}, now(), 5)",
        "data_bytes = 6",
    ),
    "usage": ("usage", "(isp_id, customer_id, period_start) values ({isp}, {customer}, now())", "bytes_in = 5"),
    "radacct": ("sessions", "(isp_id, acctsessionid, username) values ({isp}, 's', 'JOHN')", "acctinputoctets = 5"),
}  # fmt: skip
ALL_TABLES = {*CHANGES, "isps", "mikrotik_devices", "service_plans", "customers"}


@pytest.fixture(scope="module")
def shop(engine: Engine) -> Tenant:
    return make_tenant(engine, "news", address="10.201.0.0/24", username="John")


@pytest.fixture(scope="module")
def plan_id(engine: Engine, shop: Tenant) -> int:
    with engine.connect() as connection:
        return int(
            connection.scalar(text("select id from service_plans where isp_id = :isp"), {"isp": shop.isp_id}) or 0
        )


@pytest.fixture(scope="module")
def owner(installation: Installation) -> Iterator[Engine]:
    made = make_engine(installation.urls.owner, "tests")
    yield made
    made.dispose()


@pytest.fixture
def notified(installation: Installation, engine: Engine) -> Iterator[Callable[..., list[str]]]:
    """notified(statement, …, engine=…): what is notified when these are committed together."""
    listener = psycopg2.connect(libpq_url(installation.urls.engine))
    listener.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
    listener.cursor().execute("listen infora")

    def heard() -> list[str]:
        listener.cursor().execute("select 1")
        listener.poll()
        found = [notify.payload for notify in listener.notifies]
        listener.notifies.clear()
        return found

    def commit(*statements: str, by: Engine = engine) -> list[str]:
        heard()
        with by.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
        return heard()

    yield commit
    listener.close()


@pytest.mark.parametrize("table", CHANGES)
def test_a_row_that_comes_changes_or_goes_is_told_by_whose_it_is(
    notified: Callable[..., list[str]], shop: Tenant, plan_id: int, table: str
) -> None:
    topic, row, change = CHANGES[table]
    row = row.format(isp=shop.isp_id, customer=shop.customer_id, plan=plan_id)
    news = [f"{topic} {shop.isp_id} {plan_id if topic == 'plans' else shop.customer_id} -"]
    assert notified(f"insert into {table} {row}") == news
    assert notified(f"update {table} set {change} where isp_id = {shop.isp_id}") == news
    assert notified(f"delete from {table} where isp_id = {shop.isp_id}") == news


@pytest.mark.parametrize(
    ("table", "topic", "change"),
    [
        ("isps", "isps", "currency = 'EUR'"),
        ("mikrotik_devices", "devices", "name = 'x'"),
        ("service_plans", "plans", "name = 'x'"),
        ("customers", "customers", "full_name = 'x'"),
    ],
)
def test_a_business_row_is_told_by_its_own_id(
    notified: Callable[..., list[str]], engine: Engine, table: str, topic: str, change: str
) -> None:
    made = make_tenant(engine, f"news of {table}", address=f"10.202.{len(table)}.0/24")
    tenant = "id" if table == "isps" else "isp_id"
    with engine.connect() as connection:
        number = connection.scalar(text(f"select id from {table} where {tenant} = {made.isp_id}"))
    assert notified(f"update {table} set {change} where id = {number}") == [f"{topic} {made.isp_id} {number} -"]


def test_news_carry_the_origin_of_their_transaction(notified: Callable[..., list[str]], shop: Tenant) -> None:
    change = f"update customers set full_name = 'y' where id = {shop.customer_id}"
    assert notified(f"set local infora.origin = '{ORIGIN}'", change) == [
        f"customers {shop.isp_id} {shop.customer_id} {ORIGIN}"
    ]
    assert notified(change) == [f"customers {shop.isp_id} {shop.customer_id} -"]


def test_a_row_that_moves_between_customers_is_told_of_both(
    notified: Callable[..., list[str]], engine: Engine, shop: Tenant
) -> None:
    other = f"insert into customers (isp_id, username, expires_at) values ({shop.isp_id}, 'other', now()) returning id"
    with engine.begin() as connection:
        other_id = connection.scalar(text(other))
    notified(f"insert into radreply (isp_id, username, attribute, value) values ({shop.isp_id}, 'John', 'moves', 'x')")
    [news] = notified(f"update radreply set customer_id = {other_id} where attribute = 'moves'")
    assert set(news.split(" ")[2].split(",")) == {str(shop.customer_id), str(other_id)}


def test_a_row_of_nobody_is_no_news(notified: Callable[..., list[str]], shop: Tenant) -> None:
    assert notified(f"insert into radacct (isp_id, acctsessionid, username) values ({shop.isp_id}, 's', 'ghost')") == []
    other_group = GROUP_ROW.replace("plan_", "group_").format(isp=shop.isp_id, plan=1)
    assert notified(f"insert into radgroupreply {other_group}") == []


def test_what_is_rolled_back_is_no_news(notified: Callable[..., list[str]], engine: Engine, shop: Tenant) -> None:
    with engine.connect() as connection:
        connection.execute(text(f"update customers set full_name = 'z' where id = {shop.customer_id}"))
        connection.rollback()
    assert notified("select 1") == []


@pytest.mark.parametrize(("rows", "listed"), [(1, True), (300, True), (301, False), (5000, False)])
def test_up_to_300_rows_are_told_one_by_one_and_more_as_all_of_the_tenant(
    notified: Callable[..., list[str]], engine: Engine, rows: int, listed: bool
) -> None:
    made = make_tenant(engine, f"many {rows}", address=f"10.203.{rows % 251}.0/24")
    [news] = notified(
        f"insert into customers (isp_id, username, expires_at) select {made.isp_id}, 'u' || n, now() "
        f"from generate_series(1, {rows}) n"
    )
    topic, isp_id, ids, origin = news.split(" ")
    assert (topic, isp_id, origin) == ("customers", str(made.isp_id), "-")
    assert (len(ids.split(",")) == rows) if listed else ids == "*"


def test_the_longest_list_of_ids_fits_into_one_notification(notified: Callable[..., list[str]], owner: Engine) -> None:
    made = make_tenant(owner, "long ids", address="10.204.0.0/24")
    first = 2**63 - 400
    [news] = notified(
        "insert into customers (isp_id, id, username, expires_at) overriding system value "
        f"select {made.isp_id}, {first} + n, 'u' || n, now() from generate_series(1, 300) n",
        by=owner,
    )
    assert len(news.split(" ")[2].split(",")) == 300


def test_one_statement_about_two_tenants_is_two_news(notified: Callable[..., list[str]], engine: Engine) -> None:
    two = [make_tenant(engine, f"two {number}", address=f"10.205.{number}.0/24") for number in (1, 2)]
    ids = ",".join(str(made.customer_id) for made in two)
    found = notified(f"update customers set status = 'suspended' where id in ({ids})")
    assert sorted(found) == sorted(f"customers {made.isp_id} {made.customer_id} -" for made in two)


def test_a_truncated_table_means_everything_anew(notified: Callable[..., list[str]], owner: Engine) -> None:
    for table in ("usage", "radgroupcheck", "radgroupreply", "topups"):
        assert notified(f"truncate {table}", by=owner) == ["all 0 * -"]


def test_no_table_of_the_directory_is_without_its_four_triggers(owner: Engine) -> None:
    with owner.connect() as connection:
        rows = connection.execute(
            text(
                "select c.relname::text, array_agg(t.tgname::text) from pg_trigger t "
                "join pg_class c on c.oid = t.tgrelid "
                "where not t.tgisinternal and t.tgname like 'news_%' and t.tgenabled = 'O' group by c.relname"
            )
        )
        found = {table: set(triggers) for table, triggers in rows}
    assert found == {table: {"news_insert", "news_update", "news_delete", "news_truncate"} for table in ALL_TABLES}
