"""The limit on guesses at operators' passwords, and what logins leave in the audit log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from apiflask import APIFlask
from passlib.hash import argon2
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from admin_api import create_app
from admin_api.settings import Settings
from models.db import make_engine
from tests.support.caller import PASSWORD, Answer, Caller, Tenant

Rows = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def limited(settings: Settings) -> Iterator[APIFlask]:
    app = create_app(replace(settings, login_failures_allowed=10))
    yield app
    app.extensions["infora"].engine.dispose()


@pytest.fixture
def name(tenant: Tenant) -> str:
    """Of an operator of the tenant who has never logged in."""
    username = f"lim{tenant.id}"
    answer = tenant.superadmin.post("/api/users", {"username": username, "password": PASSWORD, "role": "admin"})
    assert answer.status == 201, answer
    return username


def log_in(app: APIFlask, name: str, password: str, address: str) -> Answer:
    body = {"username": name, "password": password}
    return Answer(app.test_client().post("/api/auth/login", json=body, environ_base={"REMOTE_ADDR": address}))


def guess_from_everywhere(app: APIFlask, name: str, network: str, count: int = 10) -> None:
    for number in range(count):
        assert log_in(app, name, "wrong", f"{network}.{number}").status == 401


def test_guesses_from_elsewhere_do_not_lock_an_operator_out(limited: APIFlask, name: str) -> None:
    assert log_in(limited, name, PASSWORD, "192.0.2.200").status == 200
    guess_from_everywhere(limited, name, "10.1.1")
    assert log_in(limited, name, PASSWORD, "10.1.1.99").status == 429
    assert log_in(limited, name, PASSWORD, "192.0.2.200").status == 200


def test_guesses_from_a_familiar_address_count_for_the_address(limited: APIFlask, name: str) -> None:
    assert log_in(limited, name, PASSWORD, "192.0.2.201").status == 200
    for _ in range(10):
        assert log_in(limited, name, "wrong", "192.0.2.201").status == 401
    assert log_in(limited, name, PASSWORD, "192.0.2.201").status == 429
    assert log_in(limited, name, PASSWORD, "192.0.2.202").status == 200, "they count for nobody else"


def test_an_address_is_familiar_for_thirty_days(limited: APIFlask, name: str, rows: Rows) -> None:
    assert log_in(limited, name, PASSWORD, "192.0.2.203").status == 200
    of_user = "update login_addresses set last_login_at = now() - :age * interval '1 day' where user_id = (select id from users where username = :name)"  # noqa: E501
    rows(of_user, age=29.9, name=name)
    guess_from_everywhere(limited, name, "10.1.2")
    assert log_in(limited, name, PASSWORD, "192.0.2.203").status == 200
    rows(of_user, age=30.1, name=name)
    assert log_in(limited, name, PASSWORD, "192.0.2.203").status == 429


def test_forty_at_once_are_no_more_than_ten(limited: APIFlask, name: str) -> None:
    with ThreadPoolExecutor(40) as guessers:
        answers = list(guessers.map(lambda n: log_in(limited, name, "wrong", f"10.1.3.{n}").status, range(40)))
    assert Counter(answers) == {401: 10, 429: 30}


def test_twenty_right_passwords_at_once_from_one_office_are_all_right(limited: APIFlask, name: str) -> None:
    with ThreadPoolExecutor(20) as operators:
        answers = list(operators.map(lambda _: log_in(limited, name, PASSWORD, "192.0.2.204").status, range(20)))
    assert answers == [200] * 20


def of_actions(rows: Rows, address: str) -> list[tuple[Any, ...]]:
    return rows("select actor, action, after ->> 'code', resource_id is not null from audit_log "
                "where host(address) = :address order by id", address=address)  # fmt: skip


def test_logins_and_refusals_are_in_the_audit_log(limited: APIFlask, tenant: Tenant, name: str, rows: Rows) -> None:
    address = f"10.9.{tenant.id // 250}.{tenant.id % 250}"
    token = log_in(limited, name, PASSWORD, address).data["token"]
    assert log_in(limited, name, "wrong", address).status == 401
    assert log_in(limited, "my-password-by-mistake", "wrong", address).status == 401
    headers = {"Authorization": f"Bearer {token}"}
    client = limited.test_client()
    assert client.post("/api/auth/logout", headers=headers, environ_base={"REMOTE_ADDR": address}).status_code == 200
    for _ in range(8):
        assert log_in(limited, name, "wrong", address).status == 401
    for _ in range(5):
        assert log_in(limited, name, "wrong", address).status == 429
    refused = (name, "login_refused", "bad_credentials", True)
    assert of_actions(rows, address) == [
        (name, "login", None, True), refused, ("unknown", "login_refused", "bad_credentials", False),
        (name, "logout", None, True), *[refused] * 8, (name, "login_limited", None, True),
    ]  # fmt: skip
    shown = tenant.superadmin.inside(tenant.id).get("/api/audit-log?per_page=100").data["items"]
    assert {"login", "login_refused", "login_limited", "logout"} <= {row["action"] for row in shown}
    assert "my-password-by-mistake" not in str(rows("select * from audit_log"))


@pytest.mark.parametrize(
    "statement", ["update audit_log set actor = 'nobody'", "delete from audit_log", "truncate audit_log"]
)
@pytest.mark.parametrize("role", ["API_DATABASE_URL", "ENGINE_DATABASE_URL"])
def test_no_role_of_a_part_may_change_the_audit_log(environment: dict[str, str], role: str, statement: str) -> None:
    engine = make_engine(environment[role], "tests")
    with pytest.raises(ProgrammingError, match="permission denied"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_operators_and_machines_of_a_suspended_isp_are_refused(app: APIFlask, tenant: Tenant, name: str) -> None:
    token = log_in(app, name, PASSWORD, "192.0.2.205").data["token"]
    mine = Caller(app, {"Authorization": f"Bearer {token}"})
    customer = tenant.customer()
    assert tenant.superadmin.post(f"/api/isps/{tenant.id}/suspend").status == 200
    answer = log_in(app, name, PASSWORD, "192.0.2.205")
    assert (answer.status, answer.code) == (403, "isp_suspended")
    assert log_in(app, name, "wrong", "192.0.2.205").status == 401, "only who knows the password is told"
    for caller in (mine, tenant.machine):
        for refused in (caller.get("/api/auth/me"), caller.post(f"/api/billing/customers/{customer['id']}/renew")):
            assert (refused.status, refused.code) == (403, "isp_suspended")
    assert tenant.superadmin.inside(tenant.id).get("/api/billing/customers").status == 200
    assert tenant.superadmin.post(f"/api/isps/{tenant.id}/activate").status == 200
    assert mine.get("/api/auth/me").status == tenant.machine.get("/api/auth/me").status == 200


def test_a_hash_of_costlier_parameters_is_made_anew_at_the_next_login(app: APIFlask, name: str, rows: Rows) -> None:
    costly = argon2.using(type="ID", memory_cost=64 * 1024, rounds=3, parallelism=4).hash(PASSWORD)
    rows("update users set password_hash = :hash where username = :name", hash=costly, name=name)
    assert log_in(app, name, "wrong", "192.0.2.206").status == 401
    stored = "select password_hash from users where username = :name"
    assert rows(stored, name=name) == [(costly,)]
    assert log_in(app, name, PASSWORD, "192.0.2.206").status == 200
    assert "$m=19456,t=2,p=1$" in rows(stored, name=name)[0][0]
    assert log_in(app, name, PASSWORD, "192.0.2.206").status == 200
