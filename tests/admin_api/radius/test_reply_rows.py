"""Operators' reply attributes: what is refused when it is saved, what adds by default, what explain says."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from admin_api.operation import reply_row_check
from tests.support.caller import Answer, Tenant


@pytest.fixture(params=["customers", "plans"])
def base(request: pytest.FixtureRequest, tenant: Tenant) -> str:
    owner = tenant.customer() if request.param == "customers" else tenant.plan()
    return f"/api/billing/{request.param}/{owner['id']}/attributes"


def saved(tenant: Tenant, base: str) -> list[tuple[str, str, str]]:
    rows = tenant.admin.get(base + "?per_page=100").data["items"]
    return [(row["attribute"], row["op"], row["value"]) for row in rows]


@pytest.mark.parametrize(
    ("attribute", "value", "field"),
    [
        ("Class", "0x01", "attribute"),
        ("Mikrotik-Total-Limit", "1000", "attribute"),
        ("mikrotik-total-limit-gigawords", "1", "attribute"),
        ("User-Name", "somebody", "attribute"),
        ("NAS-IP-Address", "10.0.0.1", "attribute"),
        ("Calling-Station-Id", "02:00:00:00:00:01", "attribute"),
        ("Acct-Session-Id", "80f00001", "attribute"),
        ("No-Such-Attribute", "1", "attribute"),
        ("Mikrotik-Rate-Limit", "foo bar", "value"),
        ("Mikrotik-Rate-Limit", "10 Mbit/s", "value"),
        ("Framed-Route", "somewhere", "value"),
        ("Acct-Interim-Interval", "59", "value"),
        ("Acct-Interim-Interval", "3601", "value"),
        ("Session-Timeout", "soon", "value"),
    ],
)
def test_what_may_not_be_set_is_refused_by_its_name(
    tenant: Tenant, base: str, attribute: str, value: str, field: str
) -> None:
    answer = tenant.admin.post(base, {"attribute": attribute, "value": value})
    assert (answer.status, answer.code, set(answer.data["errors"])) == (422, "invalid", {field}), answer
    assert attribute in str(answer.data["errors"][field])
    assert saved(tenant, base) == []


@pytest.mark.parametrize("attribute, value", [
    ("Acct-Interim-Interval", "60"), ("Acct-Interim-Interval", "3600"), ("Session-Timeout", "600"),
    ("Idle-Timeout", "60"), ("Mikrotik-Rate-Limit", "2M/10M 4M/20M 1M/5M 8/8 8 1M/2M"), ("Mikrotik-Recv-Limit", "1"),
])  # fmt: skip
def test_what_may_be_set_is_saved(tenant: Tenant, base: str, attribute: str, value: str) -> None:
    assert tenant.admin.post(base, {"attribute": attribute, "value": value}).status == 201
    assert saved(tenant, base) == [(attribute, ":=", value)]


def test_what_may_stand_more_than_once_is_added_by_default(tenant: Tenant, base: str) -> None:
    for attribute, value in (
        ("Framed-Route", "10.1.0.0/16 10.0.0.2 1"), ("framed-route", "10.2.0.0/16 10.0.0.2 1"), ("Filter-Id", "a"),
        ("Filter-Id", "b"), ("Framed-IPv6-Prefix", "2001:db8::/64"), ("Mikrotik-Group", "gold"),
    ):  # fmt: skip
        assert tenant.admin.post(base, {"attribute": attribute, "value": value}).status == 201
    assert [op for _attribute, op, _value in saved(tenant, base)] == ["+="] * 5 + [":="]
    assert tenant.admin.post(base, {"attribute": "Framed-Route", "op": ":=", "value": "10.3.0.0/16"}).data["op"] == ":="


def test_both_routes_are_in_the_answer(tenant: Tenant) -> None:
    plan = tenant.plan()
    customer = tenant.customer(service_plan_id=plan["id"])
    tenant.device()
    routes = ["10.1.0.0/16 10.0.0.2 1", "10.2.0.0/16 10.0.0.2 1", "10.3.0.0/16 10.0.0.2 1"]
    for owner, route in (("plans", routes[0]), ("customers", routes[1]), ("customers", routes[2])):
        row = plan if owner == "plans" else customer
        body = {"attribute": "Framed-Route", "value": route}
        assert tenant.admin.post(f"/api/billing/{owner}/{row['id']}/attributes", body).status == 201
    assert explained(tenant, customer)["reply"]["Framed-Route"] == routes


def test_what_would_not_fit_is_refused_when_it_is_saved(tenant: Tenant, base: str) -> None:
    answers: list[Answer] = []
    while not answers or answers[-1].status == 201:
        body = {"attribute": "Filter-Id", "value": f"{len(answers):0200}"}
        answers.append(tenant.admin.post(base, body))
        assert len(answers) < 20
    assert (answers[-1].status, set(answers[-1].data["errors"])) == (422, {"value"})
    first = answers[0].data["id"]
    assert tenant.admin.patch(f"{base}/{first}", {"value": "x" * 247}).status in (200, 422)
    assert tenant.admin.patch(f"{base}/{first}", {"value": "short"}).status == 200
    assert tenant.admin.post(base, {"attribute": "Filter-Id", "value": "y" * 150}).status == 201


def by_hand(connection: Connection, table: str, tenant: Tenant, name: str, attribute: str, value: str) -> None:
    """A row written by SQL, which checks nothing."""
    column = {"radreply": "username", "radgroupreply": "groupname"}[table]
    statement = f"insert into {table} (isp_id, {column}, attribute, op, value) values (:isp, :name, :a, ':=', :v)"  # noqa: S608
    connection.execute(text(statement), {"isp": tenant.id, "name": name, "a": attribute, "v": value})


def explained(tenant: Tenant, customer: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = tenant.viewer.get(f"/api/billing/customers/{customer['id']}/explain").data
    return data


@pytest.mark.parametrize("table", ["radreply", "radgroupreply"])
@pytest.mark.parametrize("attribute, value, problem", [
    ("Mikrotik-Total-Limit", "1", "data limit"), ("Mikrotik-Data-Limit", "5", "no such attribute"),
    ("Mikrotik-Rate-Limit", "foo bar", "2M/10M"), ("Session-Timeout", "3600.0", "number"), ("Class", "0x01", "server"),
])  # fmt: skip
def test_explain_names_the_attribute_that_sql_wrote_and_nobody_can_send(
    tenant: Tenant, owner: Engine, table: str, attribute: str, value: str, problem: str
) -> None:
    plan = tenant.plan(data_limit=1)
    customer = tenant.customer(username="ann", service_plan_id=plan["id"])
    tenant.device()
    with owner.begin() as connection:
        by_hand(connection, table, tenant, "ann" if table == "radreply" else f"plan_{plan['id']}", attribute, value)
    explanation = explained(tenant, customer)
    assert (explanation["verdict"], explanation["code"]) == ("reject", "bad_reply_attribute")
    last = explanation["rules"][-1]
    assert (last["code"], last["passed"], last["facts"]["attribute"]) == ("bad_reply_attribute", False, attribute)
    assert problem in last["facts"]["problem"]
    assert all(rule["passed"] for rule in explanation["rules"][:-1])


def test_the_doctor_lists_rows_that_cannot_be_sent(tenant: Tenant, owner: Engine, environment: dict[str, str]) -> None:
    tenant.customer(username="ann")
    with owner.begin() as connection:
        by_hand(connection, "radreply", tenant, "ann", "Mikrotik-Total-Limit", "1")
        by_hand(connection, "radreply", tenant, "ann", "Filter-Id", "good")
    ours = [warning for warning in reply_row_check.warnings(environment) if f"ISP {tenant.id})" in warning]
    assert len(ours) == 1 and "(ann, " in ours[0] and "Mikrotik-Total-Limit" in ours[0]
    with owner.begin() as connection:
        connection.execute(text("delete from radreply where attribute = 'Mikrotik-Total-Limit'"))
    assert [warning for warning in reply_row_check.warnings(environment) if f"ISP {tenant.id})" in warning] == []


def test_explain_names_it_also_behind_another_refusal(tenant: Tenant, owner: Engine) -> None:
    customer = tenant.customer(username="ann")
    tenant.device()
    with owner.begin() as connection:
        by_hand(connection, "radreply", tenant, "ann", "Nope", "1")
    assert tenant.staff.post(f"/api/billing/customers/{customer['id']}/suspend").status == 200
    explanation = explained(tenant, customer)
    assert explanation["code"] == "suspended"
    assert [rule["code"] for rule in explanation["rules"] if not rule["passed"]] == ["suspended", "bad_reply_attribute"]
