"""Operators' second factor: set up and confirmed, asked for at the login, each code once, lost and reset."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyotp
import pytest
from apiflask import APIFlask
from click.testing import Result

from models.tenants.second_factor import MOST_WRONG
from tests.support.caller import PASSWORD, Answer, Caller, Tenant

ME, TOTP = "/api/auth/me", "/api/auth/totp"
Rows = Callable[..., list[tuple[Any, ...]]]


class Operator:
    """One with an authenticator, whose clock can be turned: each step's code is good once."""

    def __init__(self, app: APIFlask, tenant: Tenant) -> None:
        self.app, self.name = app, f"totp{tenant.id}"
        user = {"username": self.name, "password": PASSWORD, "role": "admin"}
        created = tenant.superadmin.post("/api/users", user)
        assert created.status == 201, created
        self.id: int = created.data["id"]
        self.caller = self._with(self.log_in())
        self.secret = ""
        self.recovery_codes: list[str] = []

    def log_in(self, otp: str | None = None, password: str = PASSWORD) -> Answer:
        body = {"username": self.name, "password": password} | ({} if otp is None else {"otp": otp})
        return Caller(self.app).post("/api/auth/login", body)

    def enable(self, rows: Rows) -> Operator:
        begun = self.caller.post(TOTP, {"current_password": PASSWORD})
        assert begun.status == 200, begun
        self.secret = begun.data["secret"]
        confirmed = self.caller.post(f"{TOTP}/confirm", {"otp": self.code(rows)})
        assert confirmed.status == 200, confirmed
        self.recovery_codes = confirmed.data["recovery_codes"]
        self.caller = self._with(confirmed)
        return self

    def code(self, rows: Rows) -> str:
        """Of this moment; that it may have been used already is forgotten."""
        rows("update operator_totp set last_step = 0 where user_id = :id", id=self.id)
        return pyotp.TOTP(self.secret).now()

    def _with(self, answer: Answer) -> Caller:
        return Caller(self.app, {"Authorization": f"Bearer {answer.data['token']}"})


@pytest.fixture
def ann(app: APIFlask, tenant: Tenant) -> Operator:
    return Operator(app, tenant)


def test_without_one_nothing_is_asked_for(ann: Operator) -> None:
    assert ann.caller.get(TOTP).data == {"enabled": False, "since": None, "recovery_codes_left": 0}
    assert ann.log_in().status == 200
    assert ann.log_in("000000").status == 200


def test_once_confirmed_it_is_asked_for_and_earlier_tokens_have_ended(ann: Operator, rows: Rows) -> None:
    before = ann.caller
    ann.enable(rows)
    assert (before.get(ME).status, ann.caller.get(ME).status) == (401, 200)
    state = ann.caller.get(TOTP).data
    assert (state["enabled"], state["recovery_codes_left"]) == (True, 10)
    assert ann.log_in().code == "otp_required"
    assert ann.log_in("000000" if ann.code(rows) != "000000" else "000001").code == "bad_otp"
    assert ann.log_in(ann.code(rows)).status == 200


def test_without_the_password_nobody_learns_that_there_is_one(ann: Operator, rows: Rows) -> None:
    ann.enable(rows)
    wrong = ann.log_in(ann.code(rows), password="wrong-password")
    assert (wrong.status, wrong.code) == (401, "bad_credentials")


def test_a_code_is_good_once(ann: Operator, rows: Rows) -> None:
    ann.enable(rows)
    code = ann.code(rows)
    assert ann.log_in(code).status == 200
    assert ann.log_in(code).code == "bad_otp"


def test_a_code_is_good_once_at_the_same_moment_too(ann: Operator, rows: Rows) -> None:
    ann.enable(rows)
    code = ann.code(rows)
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(answer.status for answer in pool.map(ann.log_in, [code] * 4))
    assert statuses == [200, 401, 401, 401]


def test_a_recovery_code_is_good_once(ann: Operator, rows: Rows) -> None:
    code = ann.enable(rows).recovery_codes[3]
    assert ann.log_in(code.upper()).status == 200
    assert ann.log_in(code).code == "bad_otp"
    assert ann.caller.get(TOTP).data["recovery_codes_left"] == 9


def test_new_recovery_codes_need_both_factors_and_void_the_old(ann: Operator, rows: Rows) -> None:
    old = ann.enable(rows).recovery_codes[0]
    body = {"current_password": PASSWORD, "otp": "nonsense"}
    assert ann.caller.post(f"{TOTP}/recovery-codes", body).status == 422
    assert ann.caller.post(f"{TOTP}/recovery-codes", body | {"current_password": "wrong"}).status == 422
    new = ann.caller.post(f"{TOTP}/recovery-codes", body | {"otp": ann.code(rows)}).data["recovery_codes"]
    renewed = "select count(*) from audit_log where action = 'totp_recovery_codes' and resource_id = :id"
    assert rows(renewed, id=ann.id) == [(1,)]
    assert ann.log_in(old).code == "bad_otp"
    assert ann.log_in(new[0]).status == 200


def test_after_ten_wrong_codes_one_in_a_quarter_of_an_hour_is_looked_at(ann: Operator, rows: Rows) -> None:
    ann.enable(rows)
    for number in range(MOST_WRONG):
        assert ann.log_in(f"wrong {number}").code == "bad_otp"
    limited = ann.log_in(ann.code(rows))
    assert (limited.status, limited.code) == (429, "too_many_attempts")
    assert 0 < int(limited.headers["Retry-After"]) <= 900
    assert ann.log_in(ann.recovery_codes[0]).status == 200, "a recovery code lets the owner in"
    rows("update operator_totp set wrong_code_at = now() - interval '15 minutes' where user_id = :id", id=ann.id)
    assert ann.log_in("wrong").code == "bad_otp"
    assert ann.log_in(ann.code(rows)).status == 429
    rows("update operator_totp set wrong_code_at = now() - interval '15 minutes' where user_id = :id", id=ann.id)
    assert ann.log_in(ann.code(rows)).status == 200
    assert ann.log_in("wrong").code == "bad_otp", "the count began anew"


def test_setting_up_without_a_confirmation_changes_nothing(ann: Operator, rows: Rows) -> None:
    assert ann.caller.post(TOTP, {"current_password": "wrong"}).status == 422
    assert ann.caller.post(f"{TOTP}/confirm", {"otp": "000000"}).code == "no_totp_begun"
    first = ann.caller.post(TOTP, {"current_password": PASSWORD}).data
    second = ann.caller.post(TOTP, {"current_password": PASSWORD}).data
    assert first["secret"] != second["secret"]
    assert ann.caller.post(f"{TOTP}/confirm", {"otp": pyotp.TOTP(first["secret"]).now()}).status == 422
    assert ann.log_in().status == 200
    [(stored,)] = rows("select secret from operator_totp where user_id = :id", id=ann.id)
    assert stored.startswith("aes:")


def test_one_that_there_is_cannot_be_replaced_without_a_code(ann: Operator, rows: Rows) -> None:
    ann.enable(rows)
    assert ann.caller.post(TOTP, {"current_password": PASSWORD}).code == "totp_enabled"
    removed = ann.caller.post(f"{TOTP}/disable", {"current_password": PASSWORD, "otp": "wrong"})
    assert removed.status == 422
    assert ann.log_in().code == "otp_required"
    removed = ann.caller.post(f"{TOTP}/disable", {"current_password": PASSWORD, "otp": ann.code(rows)})
    assert removed.status == 200, removed
    assert ann.caller.get(ME).status == 401
    assert ann.log_in().status == 200
    acts = "select action from audit_log where resource_id = :id and action like 'totp%' order by id"
    assert rows(acts, id=ann.id) == [("totp_begin",), ("totp_enable",), ("totp_disable",)]


def test_an_administrator_resets_it_and_that_is_in_the_audit_log(ann: Operator, tenant: Tenant, rows: Rows) -> None:
    ann.enable(rows)
    ann.log_in()
    ann.log_in("wrong")
    ann.log_in(ann.recovery_codes[0])
    assert ann.caller.post(f"/api/users/{ann.id}/reset-totp").code == "own_totp"
    assert tenant.staff.post(f"/api/users/{ann.id}/reset-totp").status == 403
    assert tenant.admin.post(f"/api/users/{ann.id}/reset-totp").status == 200
    assert ann.caller.get(ME).status == 401
    assert ann.log_in().status == 200
    seen = rows(
        "select action, actor, coalesce(after->>'code', after->>'factor') from audit_log"
        " where resource = 'users' and resource_id = :id and action <> 'create' order by id",
        id=ann.id,
    )
    who = ann.name
    assert seen[:7] == [
        ("login", who, None), ("totp_begin", who, None), ("totp_enable", who, None),
        ("login_refused", who, "otp_required"), ("login_refused", who, "bad_otp"), ("login", who, "recovery_code"),
        ("totp_reset", seen[6][1], None),
    ]  # fmt: skip
    assert seen[6][1].startswith("admin-")
    secrets = [*ann.recovery_codes, ann.secret]
    text = str(rows("select before::text, after::text from audit_log where isp_id = :isp", isp=tenant.id))
    assert not [secret for secret in secrets if secret in text]


def test_another_tenants_administrator_does_not(ann: Operator, other_tenant: Tenant, rows: Rows) -> None:
    ann.enable(rows)
    assert other_tenant.admin.post(f"/api/users/{ann.id}/reset-totp").status == 404
    assert ann.log_in().code == "otp_required"


def test_the_command_line_resets_what_nobody_else_can(ann: Operator, rows: Rows, run: Callable[..., Result]) -> None:
    ann.enable(rows)
    assert "no second factor now" in run("reset-totp", ann.name.upper()).output
    assert ann.log_in().status == 200
    assert "anyway" in run("reset-totp", ann.name).output
    assert "There is no operator" in run("reset-totp", "nobody-at-all").output


def test_a_machine_has_none(tenant: Tenant) -> None:
    assert tenant.machine.get(TOTP).code == "no_token"
    assert tenant.machine.post(TOTP, {"current_password": PASSWORD}).code == "no_token"


def test_a_superadmin_has_one_outside_of_any_tenant(
    app: APIFlask, superadmin: Caller, tenant: Tenant, rows: Rows
) -> None:
    name = f"root{tenant.id}"
    created = superadmin.post("/api/users", {"username": name, "password": PASSWORD, "role": "superadmin"})
    token = Caller(app).post("/api/auth/login", {"username": name, "password": PASSWORD}).data["token"]
    caller = Caller(app, {"Authorization": f"Bearer {token}"}).inside(tenant.id)
    secret = caller.post(TOTP, {"current_password": PASSWORD}).data["secret"]
    assert caller.post(f"{TOTP}/confirm", {"otp": pyotp.TOTP(secret).now()}).status == 200
    again = Caller(app).post("/api/auth/login", {"username": name, "password": PASSWORD})
    assert again.code == "otp_required"
    rows("update operator_totp set last_step = 0 where user_id = :id", id=created.data["id"])
    body = {"username": name, "password": PASSWORD, "otp": pyotp.TOTP(secret).now()}
    assert Caller(app).post("/api/auth/login", body).status == 200
    assert superadmin.delete(f"/api/users/{created.data['id']}").status == 200
    assert rows("select count(*) from operator_totp where user_id = :id", id=created.data["id"]) == [(0,)]
