"""Money through the API: what is owed, who may take it, and what stays as it was."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from admin_api.money import commands
from models.money.pay_reference import pay_reference
from tests.support.caller import Caller, Tenant

Rows = Callable[..., list[tuple[Any, ...]]]
BASE = "/api/billing/customers"
PAYMENTS = "/api/billing/payments"


@pytest.fixture
def billing(tenant: Tenant) -> Tenant:
    """A tenant that bills at 16 % on top."""
    saved = tenant.admin.put("/api/billing/settings", {"tax": {"name": "VAT", "rate": "16"}, "due_days": 7})
    assert saved.status == 200 and saved.data["saved"] is True
    return tenant


def account(tenant: Tenant, customer: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = tenant.viewer.get(f"{BASE}/{customer['id']}/account").data
    return data


def subscriber(tenant: Tenant, price: str = "10.00", **fields: Any) -> dict[str, Any]:
    return tenant.customer(service_plan_id=tenant.plan(price=price)["id"], **fields)


def run(app: Flask, environment: dict[str, str], *arguments: str) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        return app.test_cli_runner().invoke(args=arguments)


def test_a_tenant_that_saved_no_settings_owes_nothing_and_works_as_before(tenant: Tenant, rows: Rows) -> None:
    customer = subscriber(tenant)
    assert tenant.staff.post(f"{BASE}/{customer['id']}/renew", {"periods": 2}).status == 200
    assert tenant.staff.post(f"{BASE}/{customer['id']}/topups", {"data_gb": 1, "price": "2"}).status == 201
    assert (account(tenant, customer)["credit"], account(tenant, customer)["overdue"]) == ("0.00", "0.00")
    charges = tenant.viewer.get(f"{BASE}/{customer['id']}/charges").data
    assert charges["total"] == 8 and all(row["given"] for row in charges["items"])
    assert rows("select count(*) from transfers where isp_id = :isp", isp=tenant.id) == [(0,)]
    assert tenant.staff.post(f"{BASE}/{customer['id']}/renew", {"pay": "on_account"}).code == "no_billing_settings"


def test_every_period_that_begins_is_owed_and_payments_pay_the_oldest_first(billing: Tenant) -> None:
    customer = subscriber(billing)
    assert account(billing, customer)["credit"] == "-11.60"
    billing.staff.post(f"{BASE}/{customer['id']}/renew", {"periods": 2})
    assert account(billing, customer)["credit"] == "-34.80"
    body = {"pay_reference": pay_reference(customer["id"]), "amount": "20.00", "method": "bank", "reference": "T-1"}
    paid = billing.cashier.post(PAYMENTS, body)
    assert (paid.status, paid.data["unallocated"]) == (201, "0.00")
    assert [part["amount"] for part in paid.data["allocations"]] == ["11.60", "8.40"]
    assert billing.cashier.post(PAYMENTS, body).data["id"] == paid.data["id"]
    shown = account(billing, customer)
    assert (shown["credit"], [row["open"] for row in shown["open_charges"]]) == ("-14.80", ["3.20", "11.60"])
    lines = billing.viewer.get(f"{BASE}/{customer['id']}/statement").data
    assert (lines["opening"], lines["closing"]) == ("0.00", "-14.80")
    assert [row["amount"] for row in lines["entries"]] == ["-11.60", "-11.60", "-11.60", "20.00"]
    assert billing.cashier.post(PAYMENTS, body | {"amount": "21.00"}).code == "reference_taken"


def test_a_quote_is_what_the_act_costs(billing: Tenant, rows: Rows) -> None:
    customer, better = subscriber(billing), billing.plan(price="25.00")
    address = f"{BASE}/{customer['id']}"
    acts: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
        ({"action": "renew", "periods": 3}, "renew", {"periods": 3}),
        ({"action": "topup", "data_gb": 2, "price": "3.00"}, "topups", {"data_gb": 2, "price": "3.00"}),
        ({"action": "change_plan", "service_plan_id": better["id"]}, "change-plan", {"service_plan_id": better["id"]}),
        ({"action": "cancel"}, "cancel", {"reason": "moved"}),
    ]
    for asked, act, body in acts:
        before = rows("select count(*), max(id) from charges where isp_id = :isp", isp=billing.id)
        quote = billing.cashier.post(f"{address}/quote", asked)
        assert quote.status == 200, quote
        assert rows("select count(*), max(id) from charges where isp_id = :isp", isp=billing.id) == before
        assert billing.staff.post(f"{address}/{act}", body).status < 300
        assert account(billing, customer)["credit"] == quote.data["credit_after"], act


def test_who_may_do_what_with_money(billing: Tenant) -> None:
    customer = subscriber(billing)
    body = {"customer_id": customer["id"], "amount": "50", "method": "cash"}
    paid = billing.cashier.post(PAYMENTS, body).data
    for caller in (billing.cashier, billing.staff):
        assert caller.post(f"{PAYMENTS}/{paid['id']}/refund", {"amount": "1", "reason": "x"}).status == 403
    assert billing.viewer.post(PAYMENTS, body).status == 403
    assert billing.machine.post(PAYMENTS, body).status == 403
    assert billing.cashier.post(f"{BASE}/{customer['id']}/renew").status == 403
    assert billing.machine.post(f"{BASE}/{customer['id']}/renew", {"pay": "cash"}).status == 403
    settings = {"tax": {"rate": "16"}, "api_key_money": True}
    assert billing.admin.put("/api/billing/settings", settings).status == 200
    assert billing.machine.post(PAYMENTS, body).status == 201
    refunded = billing.admin.post(f"{PAYMENTS}/{paid['id']}/refund", {"amount": "5.00", "reason": "too much"})
    assert refunded.data["refunded"] == "5.00"


def test_a_cashier_counts_their_own_drawer(billing: Tenant) -> None:
    customer = subscriber(billing)
    for amount in ("20.00", "11.60"):
        paid = billing.cashier.post(PAYMENTS, {"customer_id": customer["id"], "amount": amount, "method": "cash"})
    [drawer] = billing.cashier.get("/api/billing/drawers").data["items"]
    assert (drawer["id"], drawer["held"]) == (paid.data["drawer_id"], "31.60")
    other = billing.operator("cashier")
    assert other.post(f"/api/billing/drawers/{drawer['id']}/close", {"counted": "31.60"}).status == 404
    closed = billing.cashier.post(f"/api/billing/drawers/{drawer['id']}/close", {"counted": "31.00"}).data
    assert (closed["expected"], closed["counted"], closed["held"]) == ("31.60", "31.00", "0.00")


def test_an_unknown_reference_waits_in_suspense_and_is_assigned(billing: Tenant) -> None:
    customer = subscriber(billing)
    lost = billing.cashier.post(PAYMENTS, {"pay_reference": "1234567", "amount": "30", "method": "bank"}).data
    assert (lost["customer_id"], lost["unallocated"], lost["pay_reference"]) == (None, "30.00", "1234567")
    waiting = billing.viewer.get(f"{PAYMENTS}?suspense=true").data["items"]
    assert [row["id"] for row in waiting] == [lost["id"]]
    given = billing.admin.post(f"{PAYMENTS}/{lost['id']}/assign", {"customer_id": customer["id"]})
    assert given.data["customer_id"] == customer["id"]
    assert account(billing, customer)["credit"] == "18.40"


def test_a_payment_renews_who_has_expired_and_renews_by_themselves(billing: Tenant) -> None:
    customer = subscriber(billing, expires_at="2026-01-01T00:00:00Z", auto_renew=True)
    assert customer["status"] == "expired"
    for amount, status in (("11.59", "expired"), ("0.01", "active")):
        billing.cashier.post(PAYMENTS, {"customer_id": customer["id"], "amount": amount, "method": "other"})
        assert billing.viewer.get(f"{BASE}/{customer['id']}").data["status"] == status
    assert account(billing, customer)["credit"] == "0.00"


def test_the_credit_limit_is_kept(billing: Tenant) -> None:
    customer = subscriber(billing, credit_limit="20")
    assert customer["credit_limit"] == "20.00"
    refused = billing.staff.post(f"{BASE}/{customer['id']}/renew")
    assert (refused.status, refused.code) == (409, "credit_limit")
    assert account(billing, customer)["credit"] == "-11.60"
    assert billing.staff.post(f"{BASE}/{customer['id']}/renew", {"pay": "cash"}).status == 200
    assert billing.staff.post(f"{BASE}/{customer['id']}/renew", {"pay": "given"}).status == 422


def test_the_first_period_may_be_free(tenant: Tenant) -> None:
    tenant.admin.put("/api/billing/settings", {"first_period": "free"})
    customer = subscriber(tenant)
    assert account(tenant, customer)["credit"] == "0.00"
    tenant.staff.post(f"{BASE}/{customer['id']}/renew")
    assert account(tenant, customer)["credit"] == "-10.00"


def test_an_import_charges_every_row(billing: Tenant) -> None:
    plan = billing.plan(price="10.00")["id"]
    text = "username,password,service_plan_id,auto_renew\n" + "".join(f"i{n},p,{plan},true\n" for n in range(5))
    answer = billing.staff.raw("POST", f"{BASE}/import", data=text, content_type="text/csv")
    assert answer.status_code == 200, answer.get_data()
    listed = billing.viewer.get(BASE).data["items"]
    assert len(listed) == 5 and all(row["auto_renew"] for row in listed)
    assert {account(billing, row)["credit"] for row in listed} == {"-11.60"}


def test_a_deleted_customer_leaves_the_books(billing: Tenant, rows: Rows) -> None:
    customer = subscriber(billing)
    billing.cashier.post(PAYMENTS, {"customer_id": customer["id"], "amount": "5", "method": "bank"})
    assert billing.staff.delete(f"{BASE}/{customer['id']}").status == 200
    assert rows("select count(*) from charges where customer_id = :id", id=customer["id"]) == [(1,)]
    assert rows("select credit from ledger_accounts where customer_id = :id", id=customer["id"]) == [(-660,)]
    owed = billing.viewer.get("/api/billing/reports/aging").data["rows"]
    assert [(row["username"], row["days_0_30"]) for row in owed] == [(None, "6.60")]


def test_currency_and_zone_stay_once_the_books_have_begun(tenant: Tenant) -> None:
    plan = tenant.plan(price="10.00")
    address = f"/api/isps/{tenant.id}"
    assert tenant.superadmin.patch(address, {"currency": "KWD", "timezone": "Asia/Kuwait"}).status == 200
    assert tenant.viewer.get(f"/api/billing/plans/{plan['id']}").data["price"] == "10.000"
    assert tenant.superadmin.patch(f"/api/billing/plans/{plan['id']}", {"price": "0.125"}).data["price"] == "0.125"
    assert tenant.superadmin.patch(address, {"currency": "UGX"}).status == 422
    assert tenant.superadmin.patch(address, {"currency": "QQQ"}).status == 422
    tenant.admin.put("/api/billing/settings", {})
    tenant.customer(service_plan_id=plan["id"])
    for change in ({"currency": "USD"}, {"timezone": "UTC"}):
        assert tenant.superadmin.patch(address, change).code == "books_begun"


@pytest.mark.parametrize("amount", ["1.005", "-1", "0", "1_000", " 5 ", "٣", "1e3", "nan", "abc", "", True, "9" * 20])
def test_an_amount_is_digits_and_as_many_decimals_as_the_currency_has(billing: Tenant, amount: object) -> None:
    answer = billing.cashier.post(PAYMENTS, {"amount": amount, "method": "bank"})
    assert (answer.status, list(answer.data["errors"])) == (422, ["amount"])


@pytest.mark.parametrize("report", ["revenue", "tax", "collections", "aging", "expiring?days=40"])
def test_reports_add_up_in_every_form(billing: Tenant, report: str) -> None:
    customer = subscriber(billing)
    billing.cashier.post(PAYMENTS, {"customer_id": customer["id"], "amount": "1.60", "method": "bank"})
    address = f"/api/billing/reports/{report}"
    [row] = billing.viewer.get(address).data["rows"]
    wanted = {"revenue": {"net": "10.00", "tax": "1.60"}, "tax": {"base": "10.00", "rate": "16.000"},
              "collections": {"received": "1.60", "method": "bank"}, "aging": {"days_0_30": "10.00"},
              "expiring?days=40": {"price": "10.00", "credit": "-10.00"}}[report]  # fmt: skip
    assert wanted.items() <= row.items()
    joint = "&" if "?" in address else "?"
    text = billing.viewer.raw("GET", f"{address}{joint}format=csv").get_data(as_text=True)
    assert text.count("\r\n") == 2 and next(iter(wanted.values())) in text
    assert billing.viewer.raw("GET", f"{address}{joint}format=svg").mimetype == "image/svg+xml"


def test_the_books_are_verified_and_exported_from_the_command_line(
    app: Flask, environment: dict[str, str], billing: Tenant, rows: Rows
) -> None:
    customer = subscriber(billing)
    result = run(app, environment, "verify-books", "--json")
    assert (result.exit_code, '"ok": true' in result.output) == (0, True), result.output
    exported = run(app, environment, "export-books", str(billing.id))
    assert exported.exit_code == 0 and f"Liabilities:Customers:C{customer['id']}  11.60 USD" in exported.output
    change = "update ledger_accounts set credit = credit + :by where customer_id = :id"
    rows(change, by=1, id=customer["id"])
    broken = run(app, environment, "verify-books")
    rows(change, by=-1, id=customer["id"])
    assert broken.exit_code == 1 and f"customer:{customer['id']}" in broken.output
    assert run(app, environment, "verify-books").exit_code == 0
    assert run(app, environment, "export-books", "999999").exit_code == 1


def test_the_books_of_many_years_may_take_longer_than_a_request(
    app: Flask, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    def patient(connection: Any) -> list[Any]:
        waits.append(connection.connection.dbapi_connection.answers_within)
        return []

    monkeypatch.setattr(commands, "verify", patient)
    assert run(app, environment, "verify-books").exit_code == 0
    assert waits and waits[0] >= 600


def test_renewals_that_are_due_are_made_once_by_the_command(
    app: Flask, environment: dict[str, str], billing: Tenant, rows: Rows
) -> None:
    end = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    customer = subscriber(billing, auto_renew=True, expires_at=end)
    billing.cashier.post(PAYMENTS, {"customer_id": customer["id"], "amount": "30", "method": "bank"})
    assert run(app, environment, "renew-due").output == "0 of 0 renewed.\n"
    time.sleep(2)
    assert run(app, environment, "renew-due").output == "1 of 1 renewed.\n"
    assert run(app, environment, "renew-due").output == "0 of 0 renewed.\n"
    assert account(billing, customer)["credit"] == "6.80"
    assert billing.viewer.get(f"{BASE}/{customer['id']}").data["status"] == "active"
    periods = "select period_start, period_end from subscriptions where customer_id = :id order by 1"
    sold = rows(periods, id=customer["id"])
    assert sold[0][1] == sold[1][0]


def test_a_price_of_a_stranger_is_nobodys(billing: Tenant, other_tenant: Tenant) -> None:
    customer = subscriber(other_tenant)
    body = {"customer_id": customer["id"], "amount": "5", "method": "bank"}
    assert billing.cashier.post(PAYMENTS, body).status == 422
    caller: Caller = billing.cashier
    lost = caller.post(PAYMENTS, {"pay_reference": pay_reference(customer["id"]), "amount": "5", "method": "bank"})
    assert lost.data["customer_id"] is None
