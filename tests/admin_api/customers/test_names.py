"""User names where operators meet them: created, looked for, listed, sorted; sessions by name, and those just over."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine, text

from tests.support.caller import Answer, Tenant

Rows = Callable[..., list[tuple[Any, ...]]]
BASE = "/api/billing/customers"


@pytest.mark.parametrize(
    ("first", "second"), [("ΣΑΣ", "σας"), ("Straße", "STRASSE"), ("İ@x.y", "i\u0307@X.Y"), ("é", "E\u0301")]
)
def test_a_name_is_taken_in_any_case(tenant: Tenant, first: str, second: str) -> None:
    customer = tenant.customer(username=first)
    assert (
        tenant.staff.post(BASE, {"username": second, "password": "p", "service_plan_id": None}).code == "username_taken"
    )
    file = f"username,password,service_plan_id\n{second},p,\n".encode()
    answer = Answer(tenant.staff.raw("POST", f"{BASE}/import", data=file, content_type="text/csv"))
    assert [(row["row"], row["column"]) for row in answer.data["rows"]] == [(2, "username")]
    assert tenant.staff.get(f"{BASE}?username={second}").data["items"][0]["id"] == customer["id"]
    assert tenant.viewer.get(f"/api/billing/reports/usage/{second}").data["username"] == first


def test_a_phone_number_and_a_device_are_two_customers(tenant: Tenant) -> None:
    phone, device = tenant.customer(username="254712345678"), tenant.customer(username="25:47:12:34:56:78")
    for name, customer in (("254712345678", phone), ("2547.1234.5678", device), ("25-47-12-34-56-78", device)):
        assert [row["id"] for row in tenant.staff.get(f"{BASE}?username={name}").data["items"]] == [customer["id"]]


@pytest.mark.parametrize("looked_for", ["zoë", "ZOË", "  zoë ", "ZOE\u0308", "MÜLLER-groß", "müller-GROSS", "+254 7"])
def test_a_search_knows_no_case_and_no_blanks_around(tenant: Tenant, looked_for: str) -> None:
    customer = tenant.customer(username="Zoë", full_name="Zoë Müller-Groß", phone="+254 700")
    tenant.customer(username="ann")
    answer = tenant.viewer.get(f"{BASE}?search={looked_for.replace('+', '%2B')}")
    assert [row["id"] for row in answer.data["items"]] == [customer["id"]]


@pytest.mark.parametrize("looked_for", ["ann", "ANN ", " Ann"])
def test_a_name_in_a_filter_may_have_blanks_around_it(tenant: Tenant, looked_for: str) -> None:
    customer = tenant.customer(username="Ann")
    assert [row["id"] for row in tenant.viewer.get(f"{BASE}?username={looked_for}").data["items"]] == [customer["id"]]


def test_names_are_sorted_as_people_sort_them(tenant: Tenant) -> None:
    names = ["ábel", "Anna", "bob", "User 2", "user 10", "Zoë", "Ärger"]
    for name in names:
        tenant.customer(username=name, full_name=name)
    wanted = ["ábel", "Anna", "Ärger", "bob", "User 2", "user 10", "Zoë"]
    for column in ("username", "full_name"):
        rows = tenant.viewer.get(f"{BASE}?sort={column}").data["items"]
        assert [row[column] for row in rows] == wanted
        rows = tenant.viewer.get(f"{BASE}?sort=-{column}").data["items"]
        assert [row[column] for row in rows] == wanted[::-1]
    file = tenant.viewer.raw("GET", f"{BASE}?format=csv&sort=username").get_data(as_text=True)
    assert [row["username"] for row in csv.DictReader(io.StringIO(file))] == wanted


OPEN = """
insert into radacct (isp_id, acctuniqueid, session_month, acctsessionid, username, acctstarttime,
    acctupdatetime, acctstoptime)
select :isp, :name || :isp, date_trunc('month', began), 's', :name, began, now(), now() - :over * interval '1 day'
  from (select now() - :ago * interval '1 day' as began) as session
"""


@pytest.mark.parametrize(
    ("stored", "looked_for"),
    [("Ann", "ann"), ("ann", "ANN "), ("Zoë", "ZOË"), ("AA:BB:CC:DD:EE:0F", "aabb.ccdd.ee0f"), ("ΣΑΣ", "σας")],
)
def test_sessions_are_found_by_name_in_any_case(tenant: Tenant, rows: Rows, stored: str, looked_for: str) -> None:
    rows(OPEN, isp=tenant.id, name=stored, ago=0, over=None)
    rows(OPEN, isp=tenant.id, name="another", ago=0, over=None)
    answer = tenant.viewer.get(f"/api/billing/sessions?username={looked_for}")
    assert [row["username"] for row in answer.data["items"]] == [stored]


def test_past_sessions_are_those_that_ran_then_whenever_they_began(tenant: Tenant, rows: Rows) -> None:
    for name, ago, over in (("just now", 0, 0), ("a long one", 90, 0), ("before", 9, 3), ("open", 2, None)):
        rows(OPEN, isp=tenant.id, name=name, ago=ago, over=over)
    names = [row["username"] for row in tenant.viewer.get("/api/billing/sessions?status=past").data["items"]]
    assert names == ["just now", "a long one"]
    week = rows(
        "select to_char(now() - interval '7 days', 'YYYY-MM-DD'), to_char(now() - interval '2 days', 'YYYY-MM-DD')"
    )
    since, until = week[0]
    answer = tenant.viewer.get(f"/api/billing/sessions?status=past&since={since}T00:00:00Z&until={until}T00:00:00Z")
    assert {row["username"] for row in answer.data["items"]} == {"a long one", "before"}


def test_the_doctor_lists_names_that_are_alike_and_calls_it_no_fault(
    tenant: Tenant, owner: Engine, run: Callable[..., Result]
) -> None:
    with owner.begin() as connection:
        connection.execute(text("alter table customers disable trigger name_customer"))
        for twin, name in enumerate(("ΣΑΣ", "σας")):
            connection.execute(
                text("insert into customers (isp_id, username, expires_at, login_name, name_twin)"
                     " values (:isp, :name, now(), 'σασ', :twin)"),
                {"isp": tenant.id, "name": name, "twin": twin},
            )  # fmt: skip
        connection.execute(text("alter table customers enable trigger name_customer"))
    finding = next(row for row in json.loads(run("doctor", "--json").output) if row["part"] == "user names")
    assert finding["ok"] and finding["warning"] and f"ISP {tenant.id}: ΣΑΣ, σας" in finding["text"]
    assert "warn user names" in run("doctor").output
    renamed = next(row for row in tenant.viewer.get(f"{BASE}?search=σας").data["items"] if row["username"] == "σας")
    assert tenant.staff.patch(f"{BASE}/{renamed['id']}", {"phone": "1"}).status == 200, "nothing is blocked"
    assert tenant.staff.patch(f"{BASE}/{renamed['id']}", {"username": "sas"}).status == 200
    finding = next(row for row in json.loads(run("doctor", "--json").output) if row["part"] == "user names")
    assert not finding["warning"]
