"""What callers send is taken by its letter: names, dates, numbers."""

from __future__ import annotations

from typing import Any

import pytest
from apiflask import APIFlask

from tests.support.bodies import BODIES, operations, send
from tests.support.caller import Answer, Tenant
from tests.support.world import Rows, World

BASE, PLANS = "/api/billing/customers", "/api/billing/plans"


def errors_of(answer: Answer) -> dict[str, str]:
    assert (answer.status, answer.code) == (422, "invalid"), answer
    return {name: texts[0] for name, texts in answer.data["errors"].items()}


@pytest.mark.parametrize(
    ("misspelt", "nearest"),
    [("data_limt", "data_limit"), ("dataLimit", "data_limit"), ("bandwith_limit", "bandwidth_limit"),
     ("simultaneus_use", "simultaneous_use"), ("validity_day", "validity_days"), ("Price", "price")],
)  # fmt: skip
def test_a_misspelt_field_names_the_nearest_and_sells_nothing(tenant: Tenant, misspelt: str, nearest: str) -> None:
    for answer in (
        tenant.admin.post(PLANS, {"name": "P", misspelt: 1}),
        tenant.admin.patch(f"{PLANS}/{tenant.plan()['id']}", {misspelt: 1}),
    ):
        assert errors_of(answer) == {misspelt: f"is not known here; the nearest name is {nearest}"}
    assert [row["name"] for row in tenant.viewer.get(PLANS).data["items"]] == ["Basic"]


def test_every_wrong_field_is_named_at_once(tenant: Tenant) -> None:
    answer = tenant.staff.post(BASE, {"usrname": "x", "pasword": "p", "service_plan_id": None, "phone": 7})
    assert set(errors_of(answer)) == {"usrname", "pasword", "password", "phone"}


def test_an_unknown_field_is_refused_by_every_operation_with_a_body(app: APIFlask, tenant: Tenant, rows: Rows) -> None:
    """Those that read none among them."""
    world = World(tenant, rows)
    reading = [name for name in operations(app) if name in BODIES and name.startswith(("POST", "PUT", "PATCH"))]
    for operation in reading:
        assert "no_such_field" in errors_of(send(tenant.superadmin, operation, world, {"no_such_field": 1})), operation
    for path in (f"{BASE}/{world.ids['customer']}/suspend", f"/api/devices/{world.ids['device']}/rotate-secret"):
        assert errors_of(tenant.superadmin.post(path, {"no_such_field": 1})) == {"no_such_field": "is not known here"}


def test_an_unknown_parameter_is_refused_by_every_operation(app: APIFlask, tenant: Tenant, rows: Rows) -> None:
    world = World(tenant, rows)
    for operation in operations(app):
        if operation != "GET /metrics":
            answer = send(tenant.superadmin, operation, world, query="?no_such_parameter=1")
            assert "no_such_parameter" in errors_of(answer), operation


@pytest.mark.parametrize(
    ("path", "misspelt", "nearest"),
    [(BASE, "serach", "search"), (BASE, "perpage", "per_page"), ("/api/billing/sessions", "user", "username"),
     ("/api/billing/reports/usage", "form", "format"), ("/api/audit-log", "actr", "actor")],
)  # fmt: skip
def test_a_misspelt_parameter_names_the_nearest(tenant: Tenant, path: str, misspelt: str, nearest: str) -> None:
    answer = tenant.admin.get(f"{path}?{misspelt}=x")
    assert errors_of(answer)[misspelt] == f"is not known here; the nearest name is {nearest}"


@pytest.mark.parametrize(
    ("header", "column", "nearest"),
    [("username,password,service_plan_id,phon", "phon", "phone"),
     ("usrname,password,service_plan_id", "usrname", "username"),
     ("username,password,service_plan", "service_plan", "service_plan_id"),
     ("username,pasword,service_plan_id", "pasword", "password")],
)  # fmt: skip
def test_a_misspelt_column_names_the_nearest(tenant: Tenant, header: str, column: str, nearest: str) -> None:
    file = f"{header}\n{','.join('x' for _ in header.split(','))}\n"
    answer = Answer(tenant.staff.raw("POST", f"{BASE}/import", data=file, content_type="text/csv"))
    assert errors_of(answer)[column] == f"is not known here; the nearest name is {nearest}"
    assert tenant.viewer.get(BASE).data["total"] == 0


def test_a_customer_without_a_plan_is_an_explicit_wish(tenant: Tenant) -> None:
    assert set(errors_of(tenant.staff.post(BASE, {"username": "ann", "password": "p"}))) == {"service_plan_id"}
    body = {"username": "ann", "password": "p", "service_plan_id": None}
    assert tenant.staff.post(BASE, body).data["service_plan_id"] is None
    for file, status in (("username,password\nbob,p\n", 422), ("username,password,service_plan_id\nbob,p,\n", 200)):
        answer = Answer(tenant.staff.raw("POST", f"{BASE}/import", data=file, content_type="text/csv"))
        assert answer.status == status


def test_a_name_that_is_no_text_and_a_thousand_names_are_answered(tenant: Tenant) -> None:
    assert set(errors_of(tenant.admin.post(PLANS, {"name": "P", "\ud800": 1}))) == {"body"}
    assert len(errors_of(tenant.admin.get(f"{PLANS}?%ED%A0%80=1"))) == 1
    many = {f"field{number}" * 50: 1 for number in range(1000)}
    assert len(errors_of(tenant.admin.post(PLANS, {"name": "P"} | many))) == 1000


LIMA = "America/Lima"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("2027-12-31T12:00:00Z", "2027-12-31T12:00:00Z"),
        ("2027-12-31T12:00:00+03:00", "2027-12-31T09:00:00Z"),
        ("2027-12-31t12:00:00.5z", "2027-12-31T12:00:00.500000Z"),
        ("2027-12-31T12:00:00", "2027-12-31T17:00:00Z"),
        ("2027-12-31T12:00", "2027-12-31T17:00:00Z"),
        ("2027-12-31", "2028-01-01T05:00:00Z"),
        ("2028-02-29", "2028-03-01T05:00:00Z"),
    ],
)
def test_a_date_is_the_isps_and_lasts_to_its_end(tenant: Tenant, sent: str, shown: str) -> None:
    assert tenant.admin.patch(f"/api/isps/{tenant.id}", {"timezone": LIMA}).status == 200
    assert tenant.customer(expires_at=sent)["expires_at"] == shown
    address = f"{BASE}/{tenant.customer()['id']}"
    assert tenant.staff.patch(address, {"expires_at": sent}).data["expires_at"] == shown
    file = f"username,password,service_plan_id,expires_at\nann,p,,{sent}\n"
    tenant.staff.raw("POST", f"{BASE}/import", data=file, content_type="text/csv")
    assert tenant.viewer.get(f"{BASE}?username=ann").data["items"][0]["expires_at"] == shown


@pytest.mark.parametrize(
    "zone, shown", [("Africa/Cairo", "2027-04-29T22:00:00Z"), ("Africa/Nairobi", "2027-04-29T21:00:00Z")]
)
def test_a_midnight_that_the_clock_skips_is_the_days_first_moment(tenant: Tenant, zone: str, shown: str) -> None:
    """Cairo goes from 23:59:59 to 01:00 on the last Friday of April."""
    tenant.admin.patch(f"/api/isps/{tenant.id}", {"timezone": zone})
    assert tenant.customer(expires_at="2027-04-29")["expires_at"] == shown


@pytest.mark.parametrize("sent", [
    "20271231", "46053", "0", 0, 46053, 1.5, True, "31.12.2027", "2027-12-31 12:00:00Z", "2027-12-31T12", "2027-W52-5",
    "2027-365", "2027-12-31T25:00:00Z", "2027-13-01", "2027-02-30", "٢٠٢٧-١٢-٣١", "2027-12-31T12:00:00+25:00", "",
    "tomorrow",
    " 2027-12-31", "2027-12-31 ", "+002027-12-31", "27-12-31", "2027-12-31T12:00:00Zulu", "3000-01-01", "1969-12-30",
])  # fmt: skip
def test_what_is_no_date_is_refused(tenant: Tenant, sent: Any) -> None:
    body = {"username": "ann", "password": "p", "service_plan_id": None, "expires_at": sent}
    assert set(errors_of(tenant.staff.post(BASE, body))) == {"expires_at"}


@pytest.mark.parametrize(
    "sent", ["20271231", "46053", "0", "31.12.2027", "2027-1-1", "٢٠٢٧-١٢-٣١", "2027-12-31T00:00:00Z"]
)
def test_a_reports_day_is_a_day(tenant: Tenant, sent: str) -> None:
    for path in ("usage", "refusals", "top-users"):
        assert set(errors_of(tenant.viewer.get(f"/api/billing/reports/{path}?since={sent}"))) == {"since"}


@pytest.mark.parametrize(
    "sent", ["٣", "1_000", " 5 ", "5 ", "1e3", "+5", "5.", ".5", "1,5", "0x10", "", "NaN", "Infinity", True]
)
@pytest.mark.parametrize("field", ["price", "data_limit", "bandwidth_limit"])
def test_a_number_in_any_other_writing_is_refused(tenant: Tenant, field: str, sent: Any) -> None:
    assert set(errors_of(tenant.admin.post(PLANS, {"name": "P", field: sent}))) == {field}


@pytest.mark.parametrize("sent", ["٣", "1_0", " 5 ", "5.0", "1e1", "+5", "", True, 5.5])
@pytest.mark.parametrize("field", ["validity_days", "simultaneous_use", "session_timeout"])
def test_a_whole_number_too(tenant: Tenant, field: str, sent: Any) -> None:
    assert set(errors_of(tenant.admin.post(PLANS, {"name": "P", field: sent}))) == {field}


@pytest.mark.parametrize("parameter", ["page=1_0", "page=%D9%A3", "per_page=%205", "service_plan_id=1_0", "page=1.0"])
def test_a_parameters_number_too(tenant: Tenant, parameter: str) -> None:
    assert set(errors_of(tenant.viewer.get(f"{BASE}?{parameter}"))) == {parameter.split("=")[0]}


@pytest.mark.parametrize(
    ("sent", "shown"), [("29.99", "29.99"), (29.99, "29.99"), (5, "5.00"), ("0", "0.00"), ("007", "7.00")]
)
def test_a_price_is_a_number_or_its_digits(tenant: Tenant, sent: Any, shown: str) -> None:
    assert tenant.plan(price=sent)["price"] == shown
