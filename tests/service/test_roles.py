"""The database's roles, in the private cluster and behind a DATABASE_URL."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

from service.database import roles
from service.database import urls as database_urls
from service.errors import Refusal
from service.host.settings import Settings
from service.testing import Installation, free_ports
from tests.service.conftest import Copy


@pytest.fixture(scope="module")
def server() -> Iterator[Installation]:
    """In a directory that everybody may enter, so that the parts of another installation reach its socket."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        with Installation(Path(name) / "state", *free_ports()) as installation:
            installation.start_postgres()
            yield installation


def execute(url: str, *statements: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(sql.SQL(statement))
    finally:
        connection.close()


def fetch(url: str, query: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()
    finally:
        connection.close()


def rights(url: str) -> tuple[object, ...]:
    columns = "rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb"
    [row] = fetch(url, f"SELECT {columns} FROM pg_roles WHERE rolname = current_user")  # noqa: S608
    return row


def outside(server: Installation, name: str, attributes: str) -> Settings:
    """An installation whose DATABASE_URL is a database and role of their own on this server."""
    superuser = database_urls.superuser(server.settings)
    execute(
        superuser, f"CREATE ROLE {name} LOGIN PASSWORD 'owner' {attributes}", f"CREATE DATABASE {name} OWNER {name}"
    )
    url = database_urls.with_database(database_urls.with_role(server.urls.owner, name, "owner"), name)
    return replace(server.settings, database_url=url)


def test_each_role_of_the_private_cluster_has_its_rights_and_no_more(server: Installation) -> None:
    assert rights(server.urls.owner) == ("infora", False, True, False, False)
    assert rights(server.urls.engine) == ("infora_engine", False, True, False, False)
    assert rights(server.urls.api) == ("infora_api", False, False, False, False)


def test_ensuring_them_again_takes_the_passwords_away_that_an_earlier_release_gave(server: Installation) -> None:
    superuser = database_urls.superuser(server.settings)
    execute(superuser, "ALTER ROLE infora_api PASSWORD 'known to somebody'")

    roles.ensure(server.settings, server.secrets)

    assert rights(server.urls.api)[0] == "infora_api"
    passwords = "SELECT rolname FROM pg_authid WHERE rolpassword IS NOT NULL AND rolname LIKE 'infora%'"
    assert fetch(superuser, passwords) == []


def test_a_wrong_password_of_an_operators_own_role_is_refused(server: Installation) -> None:
    execute(database_urls.superuser(server.settings), "CREATE ROLE reports LOGIN PASSWORD 'right'")
    assert rights(database_urls.with_role(server.urls.api, "reports", "right"))[0] == "reports"
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(database_urls.with_role(server.urls.api, "reports", "wrong"))


def test_a_role_that_may_creates_the_others(server: Installation) -> None:
    settings = outside(server, "billing", "SUPERUSER")

    roles.ensure(settings, server.secrets)

    urls = database_urls.of(settings, server.secrets)
    assert rights(urls.engine) == ("billing_engine", False, True, False, False)
    assert rights(urls.api) == ("billing_api", False, False, False, False)


def test_a_role_that_may_not_gets_the_exact_sql_without_a_password(server: Installation) -> None:
    settings = outside(server, "plain", "")
    with pytest.raises(Refusal) as refused:
        roles.ensure(settings, server.secrets)
    text = str(refused.value)
    assert server.secrets.db_engine_password not in text
    assert server.secrets.db_api_password not in text

    execute(database_urls.superuser(server.settings), text[text.index("CREATE ROLE") :])

    roles.ensure(settings, server.secrets)
    assert rights(database_urls.of(settings, server.secrets).api)[0] == "plain_api"


def test_a_server_that_does_not_answer_is_one_sentence_without_the_password(
    server: Installation, tmp_path: Path
) -> None:
    settings = replace(server.settings, database_url=f"postgresql://u:hunter2@/d?host={tmp_path}")

    with pytest.raises(Refusal, match="does not answer") as refused:
        roles.ensure(settings, server.secrets)

    assert "hunter2" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_whole_installation_runs_on_an_outside_database(server: Installation, fresh: Copy) -> None:
    """As with the operator's own database: no cluster is created, and every part has its role."""
    url = outside(server, "elsewhere", "SUPERUSER").database_url
    assert url is not None
    fresh.environment["DATABASE_URL"] = url

    started = fresh.call("start")

    assert started.returncode == 0, started.stdout
    assert not (fresh.settings.state_dir / "pg/data").exists()
    status = fresh.call("status")
    assert status.returncode == 0, status.stdout
    assert "postgres" not in status.stdout
    doctor = fresh.call("doctor")
    assert doctor.returncode == 0, doctor.stdout
    assert fresh.call("database_url").stdout == f"{url}\n"
    assert json.loads((fresh.settings.state_dir / "demo.json").read_text())["database_url"] == url
