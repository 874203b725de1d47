"""What an operator takes off a period, or adds to it: in period and days alike, never below nothing, and audited."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.caller import Tenant
from tests.support.world import Rows


@pytest.fixture
def customer(tenant: Tenant, rows: Rows) -> dict[str, Any]:
    """With 100 octets up and 900 down."""
    created = tenant.customer(service_plan_id=tenant.plan(data_limit=1)["id"])
    values = {"isp": tenant.id, "id": created["id"]}
    rows("insert into usage (isp_id, customer_id, period_start, bytes_in, bytes_out) "
         "select isp_id, customer_id, max(period_start), 100, 900 from subscriptions where customer_id = :id "
         "and isp_id = :isp group by 1, 2 returning 1", **values)  # fmt: skip
    rows("insert into usage_daily (isp_id, customer_id, day, bytes_in, bytes_out) "
         "values (:isp, :id, (now() at time zone 'UTC')::date, 100, 900) returning 1", **values)  # fmt: skip
    return created


def path(customer: dict[str, Any]) -> str:
    return f"/api/billing/customers/{customer['id']}/usage-corrections"


def days(rows: Rows, customer: dict[str, Any]) -> list[tuple[Any, ...]]:
    return rows("select sum(bytes_in)::bigint, sum(bytes_out)::bigint from usage_daily where customer_id = :id",
                id=customer["id"])  # fmt: skip


def test_a_correction_is_in_period_and_days_and_is_listed(tenant: Tenant, customer: dict[str, Any], rows: Rows) -> None:
    answer = tenant.admin.post(path(customer), {"bytes_out": -850, "bytes_in": 5, "reason": "the device lied"})
    assert answer.status == 201, answer
    assert (answer.data["bytes_in"], answer.data["bytes_out"]) == (5, -850)
    assert tenant.viewer.get(f"/api/billing/customers/{customer['id']}").data["used_bytes"] == 155
    assert days(rows, customer) == [(105, 50)]
    listed = tenant.viewer.get(path(customer)).data["items"]
    assert [(one["bytes_out"], one["reason"]) for one in listed] == [(-850, "the device lied")]
    audited = rows("select actor is not null, after->>'reason' from audit_log where resource = 'usage_corrections' "
                   "and isp_id = :isp", isp=tenant.id)  # fmt: skip
    assert audited == [(True, "the device lied")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"bytes_out": -901, "reason": "x"}, "bytes_out"),
        ({"bytes_in": 10**18, "reason": "x"}, "bytes_in"),
        ({"bytes_in": 10**19, "reason": "x"}, "bytes_in"),
        ({"bytes_in": 1.5, "reason": "x"}, "bytes_in"),
        ({"bytes_in": "1", "reason": "x"}, "bytes_in"),
        ({"bytes_in": 1}, "reason"),
        ({"bytes_in": 1, "reason": ""}, "reason"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    tenant: Tenant, customer: dict[str, Any], rows: Rows, body: dict[str, Any], field: str
) -> None:
    answer = tenant.admin.post(path(customer), body)
    assert (answer.status, list(answer.data["errors"])) == (422, [field])
    assert days(rows, customer) == [(100, 900)]


def test_a_correction_of_nothing_is_refused(tenant: Tenant, customer: dict[str, Any]) -> None:
    assert tenant.admin.post(path(customer), {"reason": "x"}).status == 422


def test_staff_may_not_correct_and_nobody_elses_customer(
    tenant: Tenant, other_tenant: Tenant, customer: dict[str, Any]
) -> None:
    body = {"bytes_in": 1, "reason": "x"}
    assert tenant.staff.post(path(customer), body).status == 403
    assert other_tenant.admin.post(path(customer), body).status == 404
