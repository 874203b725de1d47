"""The commands beside the API, with the environment of the schema's owner."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import Engine, text

from admin_api.operation import installation
from admin_api.settings import SettingsError, from_environment
from models.schema import revision_wanted
from models.secrets.keyring import Keyring
from tests.support.caller import Caller, Tenant


def test_initdb_is_safe_to_repeat_and_makes_one_administrator(run: Any, environment: dict[str, str]) -> None:
    done = run("initdb")
    assert (done.exit_code, done.output) == (0, "The schema is up to date.\n")
    assert environment["ADMIN_PASSWORD"] not in done.output


@pytest.fixture
def no_superadmin(owner: Engine, tenant: Tenant) -> Iterator[None]:
    """They are viewers of a tenant meanwhile."""
    with owner.begin() as connection:
        lower = text("update users set role = 'viewer', isp_id = :isp where role = 'superadmin' returning id")
        ids = list(connection.scalars(lower, {"isp": tenant.id}))
    yield
    with owner.begin() as connection:
        connection.execute(text("delete from users where role = 'superadmin'"))
        raised = text("update users set role = 'superadmin', isp_id = null where id = any(:ids)")
        connection.execute(raised, {"ids": ids})


def test_initdb_without_the_owners_password_makes_the_administrator_and_shows_the_password_once(
    app: APIFlask, run: Any, no_superadmin: None
) -> None:
    """As in the API's container, where the tables are there already."""
    first = run("initdb", DATABASE_URL="", ADMIN_USERNAME="the-first", ADMIN_PASSWORD="")
    shown = re.search(r"administrator the-first with the password (\S+) \(shown this once\)", first.output)
    assert first.exit_code == 0 and shown
    body = {"username": "the-first", "password": shown.group(1)}
    assert Caller(app).post("/api/auth/login", body).data["user"]["role"] == "superadmin"
    assert run("initdb", DATABASE_URL="", ADMIN_PASSWORD="").output == "The schema is up to date.\n"


def test_initdb_without_the_owners_password_makes_no_tables(run: Any, owner: Engine) -> None:
    with owner.begin() as connection:
        former = connection.scalar(text("update alembic_version set version_num = '0001' returning version_num"))
    try:
        done = run("initdb", DATABASE_URL="")
    finally:
        with owner.begin() as connection:
            connection.execute(text("update alembic_version set version_num = :head"), {"head": revision_wanted()})
    assert former == "0001"
    assert done.exit_code == 1
    assert done.output.startswith("Error: The schema is at 0001, not at ")


def test_a_command_without_its_database_says_so_in_one_sentence(run: Any) -> None:
    for url in ("", "mysql://x", "postgresql://nobody:secret-word@127.0.0.1:1/none"):
        done = run("initdb", DATABASE_URL=url, API_DATABASE_URL="")
        assert done.exit_code == 1 and done.output.startswith("Error: ") and "Traceback" not in done.output
        assert "secret-word" not in done.output


def test_create_admin_and_create_isp(app: APIFlask, run: Any, superadmin: Caller) -> None:
    created = json.loads(run("create-admin", "second", "--json", ADMIN_PASSWORD="").output)
    body = {"username": "second", "password": created["password"]}
    assert Caller(app).post("/api/auth/login", body).data["user"]["role"] == "superadmin"
    assert run("create-admin", "SECOND").output == "Error: This name is taken.\n"
    assert superadmin.delete(f"/api/users/{created['id']}").status == 200
    isp = json.loads(run("create-isp", "By hand", "--timezone", "Africa/Nairobi", "--json").output)
    me = Caller(app, {"X-API-Key": isp["api_key"]}).get("/api/auth/me").data
    assert (me["isp_id"], me["role"]) == (isp["id"], "staff")
    assert run("create-isp", "x", "--timezone", "Nowhere").exit_code == 1


def test_rotated_keys_open_everything_and_the_old_key_may_go(
    run: Any, tenant: Tenant, owner: Engine, environment: dict[str, str]
) -> None:
    customer, device = tenant.customer(password="rotate-me"), tenant.device(api_password="and-me")
    fresh = "fresh:" + base64.b64encode(os.urandom(32)).decode()
    both = f"{fresh},{environment['CREDENTIAL_KEYS']}"
    try:
        done = run("rotate-keys", "--json", CREDENTIAL_KEYS=both)
        assert done.exit_code == 0 and json.loads(done.output.splitlines()[-1])["encrypted_anew"] >= 4
        ring = Keyring.parse(fresh)
        with owner.connect() as connection:
            stored = connection.scalar(
                text("select value from radcheck where customer_id = :id"), {"id": customer["id"]}
            )
            asked = text("select radius_secret, api_password from mikrotik_devices where id = :id")
            secrets = connection.execute(asked, {"id": device["id"]}).one()
        assert ring.decrypt(str(stored), tenant.id, "radcheck", customer["id"]) == "rotate-me"
        opened = [ring.decrypt(secret, tenant.id, "mikrotik_devices", device["id"]) for secret in secrets]
        assert opened == [device["radius_secret"], "and-me"]
        again = run("rotate-keys", "--json", CREDENTIAL_KEYS=both)
        assert json.loads(again.output.splitlines()[-1])["encrypted_anew"] == 0
        lost = run("rotate-keys", CREDENTIAL_KEYS="other:" + base64.b64encode(os.urandom(32)).decode())
        assert lost.exit_code == 1 and "CREDENTIAL_KEYS" in lost.output
    finally:
        run("rotate-keys", CREDENTIAL_KEYS=f"{environment['CREDENTIAL_KEYS']},{fresh}")


def test_the_doctor_tells_of_books_that_are_broken_or_have_not_been_proved(run: Any, owner: Engine) -> None:
    def told() -> tuple[bool, bool, str]:
        findings = json.loads(run("doctor", "--json").output)
        return next((row["ok"], row["warning"], row["text"]) for row in findings if row["part"] == "books")

    write = text("insert into book_verifications (verified_at, took_ms, rules, findings)"
                 " values (now() - make_interval(hours => :hours), 1, 17, cast(:findings as jsonb))")  # fmt: skip
    broken = {"check": "floor", "rule": "r", "isp_id": 7, "row": "account 5", "detail": "credit -3", "rows": 1}
    with owner.begin() as connection:
        connection.execute(text("delete from book_verifications"))
    assert told()[:2] == (True, True)
    for hours, findings, expected in ((60, [], (True, True)), (1, [], (True, False)), (0, [broken], (False, False))):
        with owner.begin() as connection:
            connection.execute(write, {"hours": hours, "findings": json.dumps(findings)})
        assert told()[:2] == expected
    assert "tenant 7, account 5: credit -3" in told()[2]
    with owner.begin() as connection:
        connection.execute(text("delete from book_verifications"))


def test_the_doctor_finds_what_is_wrong(run: Any, environment: dict[str, str]) -> None:
    done = run("doctor", "--json")
    in_order = {finding["part"]: finding["ok"] for finding in json.loads(done.output)}
    assert done.exit_code == 1, "neither FreeRADIUS nor the API run in this test"
    assert not any(in_order.pop(part) for part in ("FreeRADIUS", "directory", "processes", "API"))
    assert all(in_order.values()), done.output
    wrong = json.loads(run("doctor", "--json", API_DATABASE_URL=environment["DATABASE_URL"]).output)
    assert not next(finding for finding in wrong if finding["part"] == "API's database role")["ok"]
    assert environment["JWT_SECRET_KEY"] not in done.output + str(wrong)
    none = next(row for row in json.loads(run("doctor", "--json", JWT_SECRET_KEY="", CREDENTIAL_KEYS="").output))
    assert (none["part"], none["ok"], "make doctor" in none["text"], "openssl" in none["text"]) == (
        "secrets", False, True, False,
    ), "what this command was not given is no reason to make new ones"  # fmt: skip


@pytest.mark.parametrize("name, value", [
    ("JWT_SECRET_KEY", ""), ("JWT_SECRET_KEY", "short"), ("JWT_SECRET_KEY", "change-me-change-me-change-me-change-me"),
    ("JWT_SECRET_KEY", "a" * 64), ("CREDENTIAL_KEYS", ""), ("CREDENTIAL_KEYS", "1:AAAA"), ("API_DATABASE_URL", "sqlite://"),
])  # fmt: skip
def test_a_weak_or_missing_setting_ends_the_start(environment: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        from_environment(environment | {name: value})
    assert len(value) < 6 or value not in str(refused.value)


def test_without_urls_of_the_parts_their_usual_roles_are_taken(environment: dict[str, str]) -> None:
    only = {"DATABASE_URL": environment["DATABASE_URL"]}
    assert installation.prepare(only) == ["The schema is up to date."]
