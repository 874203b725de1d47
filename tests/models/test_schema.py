"""What code does with a database that is of a later release: it starts where the database says so, or says why not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from models import schema
from tests.support.database import connections, migrated


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Engine]]:
    """A database of a release that comes after this one."""
    with (
        migrated(tmp_path_factory.mktemp("later") / "s") as installation,
        connections(installation.urls.owner) as owner,
    ):
        with owner.begin() as connection:
            assert schema.serves(connection)
            connection.execute(text("update alembic_version set version_num = '9999'"))
        yield installation.urls.owner, owner


@pytest.mark.parametrize(("oldest", "works"), [("0001", True), (schema.revision_wanted(), True), ("9998", False)])
def test_a_later_schema_says_whom_it_serves(later: tuple[str, Engine], oldest: str, works: bool) -> None:
    url, owner = later
    with owner.begin() as connection:
        connection.exec_driver_sql(f"comment on table alembic_version is 'serves code from {oldest}'")
    if works:
        schema.upgrade(url)
    else:
        with pytest.raises(schema.SchemaTooNew, match="9999"):
            schema.upgrade(url)
    with owner.connect() as connection:
        assert schema.serves(connection) is works
        assert connection.scalar(text("select version_num from alembic_version")) == "9999"


def test_one_that_says_nothing_serves_nobody_else(later: tuple[str, Engine]) -> None:
    url, owner = later
    with owner.begin() as connection:
        connection.exec_driver_sql("comment on table alembic_version is null")
    with pytest.raises(schema.SchemaTooNew):
        schema.upgrade(url)


def test_the_oldest_code_served_is_of_this_history() -> None:
    assert schema.is_known(schema.SERVES_FROM)
    assert int(schema.revision_wanted()) - int(schema.SERVES_FROM) >= 1, "the release before goes on during an upgrade"
