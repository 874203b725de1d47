"""Periods and top-ups that are taken back, by the API and by SQL: no second allowance, whatever follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.caller import Tenant

Rows = Callable[..., list[tuple[Any, ...]]]
BASE = "/api/billing/customers"
GB = 10**9


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Subscriber:
    """A customer of a plan of 10 GB and ten days, and what has been used of the periods."""

    def __init__(self, tenant: Tenant, rows: Rows, **plan: Any) -> None:
        self.tenant, self.rows = tenant, rows
        terms = {"data_limit": 10, "validity_days": 10} | plan
        customer = tenant.customer(service_plan_id=tenant.plan(**terms)["id"])
        self.id, self.address = customer["id"], f"{BASE}/{customer['id']}"

    @property
    def shown(self) -> dict[str, Any]:
        data: dict[str, Any] = self.tenant.viewer.get(self.address).data
        return data

    @property
    def periods(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.tenant.viewer.get(f"{self.address}/periods").data["items"]
        return items

    def use(self, octets: int) -> None:
        """Of the running period."""
        self.rows("insert into usage select isp_id, customer_id, max(period_start), :octets, 0 from subscriptions"
                  " where customer_id = :id and period_start <= now() group by 1, 2"
                  " on conflict (isp_id, customer_id, period_start) do update set bytes_in = excluded.bytes_in",
                  id=self.id, octets=octets)  # fmt: skip

    def renew(self, **body: Any) -> dict[str, Any]:
        answer = self.tenant.staff.post(f"{self.address}/renew", body)
        assert answer.status == 200, answer
        data: dict[str, Any] = answer.data
        return data

    def undo(self, period: dict[str, Any]) -> Any:
        return self.tenant.staff.post(f"{self.address}/periods/{period['id']}/undo")

    def later(self, days: float) -> None:
        """So many days pass: everything that is stored of time lies as much further back."""
        shift = "make_interval(secs => :seconds)"
        self.rows("alter table customers disable trigger follow_expiry")
        for statement in (
            "update customers set expires_at = expires_at - {shift} where id = :id",
            "update usage set period_start = period_start - {shift} where customer_id = :id",
            "update topups set period_start = period_start - {shift} where customer_id = :id",
            "update subscriptions set period_start = period_start - {shift} where customer_id = :id",
            "update subscriptions set period_end = period_end - {shift}, paid_until = paid_until - {shift}"
            " where customer_id = :id",
        ):
            self.rows(statement.format(shift=shift), id=self.id, seconds=days * 86_400)
        self.rows("alter table customers enable trigger follow_expiry")


@pytest.fixture
def subscriber(tenant: Tenant, rows: Rows) -> Subscriber:
    return Subscriber(tenant, rows)


@pytest.fixture(params=["api", "sql"])
def expire(request: pytest.FixtureRequest) -> Callable[[Subscriber, datetime], None]:
    """expire(subscriber, moment): the expiry is moved by hand, one way or the other."""

    def move(subscriber: Subscriber, to: datetime) -> None:
        if request.param == "api":
            assert subscriber.tenant.staff.patch(subscriber.address, {"expires_at": to.isoformat()}).status == 200
        else:
            subscriber.rows("update customers set expires_at = :to where id = :id", id=subscriber.id, to=to)

    return move


Expire = Callable[[Subscriber, datetime], None]


def test_a_renewal_taken_back_by_hand_leaves_no_period_behind(subscriber: Subscriber, expire: Expire) -> None:
    end = moment(subscriber.shown["expires_at"])
    subscriber.use(10 * GB)
    subscriber.renew(periods=2)
    expire(subscriber, end)
    assert [period["status"] for period in subscriber.periods] == ["running"]
    assert moment(subscriber.periods[0]["period_end"]) == end
    expire(subscriber, end + timedelta(days=30))
    subscriber.later(15)
    assert subscriber.shown["remaining_bytes"] == 0, "no second allowance"


def test_an_expiry_within_the_running_period_ends_it_there(subscriber: Subscriber, expire: Expire) -> None:
    subscriber.renew(periods=1)
    sooner = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    expire(subscriber, sooner)
    assert [(period["status"], moment(period["period_end"])) for period in subscriber.periods] == [("running", sooner)]
    subscriber.renew(periods=1)
    assert [period["status"] for period in subscriber.periods] == ["ahead", "running"]
    assert moment(subscriber.periods[0]["period_start"]) == sooner


def test_a_used_period_stays_used_wherever_the_expiry_goes(subscriber: Subscriber, expire: Expire) -> None:
    """Back before its beginning, and forward again."""
    subscriber.renew(periods=1)
    subscriber.later(12)
    subscriber.use(9 * GB)
    expire(subscriber, datetime.now(UTC) - timedelta(days=5))
    assert subscriber.shown["status"] == "expired"
    assert subscriber.periods[0]["status"] == "past"
    expire(subscriber, datetime.now(UTC) + timedelta(days=20))
    assert (subscriber.shown["status"], subscriber.shown["remaining_bytes"]) == ("active", GB)


def test_an_expiry_moved_forward_is_the_end_of_the_last_period(subscriber: Subscriber, expire: Expire) -> None:
    subscriber.use(GB)
    to = datetime.now(UTC).replace(microsecond=0) + timedelta(days=100)
    expire(subscriber, to)
    assert [moment(period["period_end"]) for period in subscriber.periods] == [to]
    assert subscriber.shown["remaining_bytes"] == 9 * GB


def test_a_used_up_allowance_is_whole_again_from_now(subscriber: Subscriber) -> None:
    subscriber.use(10 * GB)
    assert subscriber.renew(periods=1)["remaining_bytes"] == 0, "the period that is paid ahead has not begun"
    shown = subscriber.renew(**{"periods": 1, "from": "now"})
    assert (shown["used_bytes"], shown["remaining_bytes"]) == (0, 10 * GB)
    assert [period["status"] for period in subscriber.periods] == ["ahead", "running", "past"]
    left = moment(shown["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=19, hours=23) < left <= timedelta(days=20), "what was paid ahead follows"
    starts = [moment(period["period_start"]) for period in subscriber.periods]
    ends = [moment(period["period_end"]) for period in subscriber.periods]
    assert starts[:2] == ends[1:], "one after the other"


def test_from_now_is_from_the_end_where_that_has_passed(subscriber: Subscriber) -> None:
    subscriber.later(30)
    shown = subscriber.renew(**{"from": "now"})
    assert shown["status"] == "active"
    assert timedelta(days=9) < moment(shown["expires_at"]) - datetime.now(UTC) <= timedelta(days=10)
    assert [period["status"] for period in subscriber.periods] == ["running", "past"]


@pytest.mark.parametrize("begin", ["soon", "", None, 1, "NOW"])
def test_where_a_renewal_begins_is_one_of_two_words(subscriber: Subscriber, begin: Any) -> None:
    answer = subscriber.tenant.staff.post(f"{subscriber.address}/renew", {"from": begin})
    assert (answer.status, list(answer.data["errors"])) == (422, ["from"])
    answer = subscriber.tenant.staff.post(f"{subscriber.address}/renew", {"form": "now"})
    assert answer.data["errors"] == {"form": ["is not known here; the nearest name is from"]}


def test_periods_ahead_keep_price_and_order_behind_a_renewal_from_now(tenant: Tenant, rows: Rows) -> None:
    subscriber = Subscriber(tenant, rows, price=1)
    plan = subscriber.shown["service_plan_id"]
    for price in (2, 3):
        tenant.admin.patch(f"/api/billing/plans/{plan}", {"price": price})
        subscriber.renew(periods=1)
    tenant.admin.patch(f"/api/billing/plans/{plan}", {"price": 9, "validity_days": 1})
    subscriber.renew(**{"periods": 2, "from": "now"})
    assert [period["price"] for period in subscriber.periods] == ["3.00", "2.00", "9.00", "9.00", "1.00"]
    assert timedelta(days=3) < moment(subscriber.shown["expires_at"]) - datetime.now(UTC) <= timedelta(days=4)


def test_a_renewal_is_undone_once_and_the_last_one_first(subscriber: Subscriber) -> None:
    before = subscriber.shown["expires_at"]
    subscriber.renew(periods=2)
    last, first, running = subscriber.periods
    assert subscriber.undo(first).code == "not_last"
    assert subscriber.undo(last).status == 200
    assert subscriber.undo(last).status == 404
    assert subscriber.undo(first).data["expires_at"] == before
    assert [period["id"] for period in subscriber.periods] == [running["id"]]
    log = subscriber.tenant.admin.get("/api/audit-log?action=undo").data["items"]
    assert {row["resource_id"] for row in log} == {last["id"], first["id"]}


def test_an_undone_renewal_from_now_gives_the_rest_back(subscriber: Subscriber) -> None:
    before = subscriber.shown["expires_at"]
    subscriber.use(4 * GB)
    subscriber.renew(**{"from": "now"})
    shown = subscriber.undo(subscriber.periods[0]).data
    assert (shown["expires_at"], shown["used_bytes"], shown["remaining_bytes"]) == (before, 4 * GB, 6 * GB)
    assert [period["status"] for period in subscriber.periods] == ["running"]


def test_a_used_period_that_is_undone_ends_and_gives_no_allowance_again(subscriber: Subscriber) -> None:
    subscriber.later(30)
    subscriber.renew(periods=1)
    subscriber.use(9 * GB)
    undone = subscriber.periods[0]
    assert subscriber.undo(undone).data["status"] == "expired"
    assert subscriber.undo(undone).code == "undone"
    assert [period["status"] for period in subscriber.periods] == ["undone", "past"]
    to = (datetime.now(UTC) + timedelta(days=5)).isoformat()
    assert subscriber.tenant.staff.patch(subscriber.address, {"expires_at": to}).data["remaining_bytes"] == GB
    assert subscriber.renew(**{"from": "now"})["remaining_bytes"] == 10 * GB, "which is paid"


def test_the_first_period_undone_is_an_expired_customer(subscriber: Subscriber) -> None:
    assert subscriber.undo(subscriber.periods[0]).data["status"] == "expired"
    assert subscriber.periods == []
    assert subscriber.renew()["status"] == "active"


def test_data_on_top_is_listed_and_undone(subscriber: Subscriber) -> None:
    staff, address = subscriber.tenant.staff, f"{subscriber.address}/topups"
    first, second = (staff.post(address, {"data_gb": size}).data for size in (1, 2))
    assert [row["data_bytes"] for row in staff.get(address).data["items"]] == [2 * GB, GB]
    assert subscriber.shown["remaining_bytes"] == 13 * GB
    assert staff.post(f"{address}/{first['id']}/undo").data["remaining_bytes"] == 12 * GB
    assert staff.post(f"{address}/{first['id']}/undo").status == 404
    subscriber.renew(**{"from": "now"})
    assert staff.post(f"{address}/{second['id']}/undo").code == "period_over"
    assert [row["id"] for row in staff.get(address).data["items"]] == [second["id"]]


def test_what_is_taken_back_reaches_the_network(subscriber: Subscriber, rows: Rows) -> None:
    staff = subscriber.tenant.staff
    topup = staff.post(f"{subscriber.address}/topups", {"data_gb": 1}).data
    staff.post(f"{subscriber.address}/topups/{topup['id']}/undo")
    subscriber.renew(periods=1)
    for period in subscriber.periods:
        subscriber.undo(period)
    asked = rows("select kind, reason from outbox where customer_id = :id order by id", id=subscriber.id)
    assert asked == [
        ("coa", "topup"),
        ("coa", "topup"),
        ("coa", "renewed"),
        ("coa", "renewed"),
        ("disconnect", "expired"),
    ]


def test_another_tenants_and_another_customers_periods_are_not_there(
    subscriber: Subscriber, other_tenant: Tenant
) -> None:
    period = subscriber.periods[0]["id"]
    neighbour = f"{BASE}/{subscriber.tenant.customer()['id']}"
    assert subscriber.tenant.staff.post(f"{neighbour}/periods/{period}/undo").status == 404
    assert other_tenant.staff.post(f"{subscriber.address}/periods/{period}/undo").status == 404
    assert other_tenant.staff.get(f"{subscriber.address}/periods").status == 404
