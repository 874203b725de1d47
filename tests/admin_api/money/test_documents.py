"""Documents through the API: settings complete first, issued, listed, credited, receipted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from models.db import make_engine
from radius_module.enforce.duties import invoice_runs
from tests.support.caller import Tenant

Rows = Callable[..., list[tuple[Any, ...]]]
SETTINGS = "/api/billing/settings"
DOCUMENTS = "/api/billing/documents"
RUNS = "/api/billing/invoice-runs"
SELLER = {"name": "Net Ltd", "address": "1 Tower Road", "city": "Nairobi", "country": "KE", "tax_id": "P0X",
          "iban": "DE89 3704 0044 0532 0130 00"}  # fmt: skip
BILLING = {"seller": SELLER, "tax": {"name": "VAT", "rate": "16"}, "due_days": 7, "invoicing": "each_charge"}


@pytest.fixture
def billing(tenant: Tenant) -> Tenant:
    """A tenant that invoices each charge at 16 % on top."""
    saved = tenant.admin.put(SETTINGS, BILLING)
    assert saved.status == 200, saved
    assert saved.data["seller"]["iban"] == "DE89370400440532013000"
    return tenant


def invoiced(tenant: Tenant, *prices: str) -> dict[str, Any]:
    customer = tenant.customer(service_plan_id=None, full_name="Jane Doe")
    for price in prices:
        body = {"description": "Router", "unit_price": price}
        assert tenant.staff.post(f"/api/billing/customers/{customer['id']}/charges", body).status == 201
    return customer


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"seller": SELLER | {"name": ""}}, "seller.name"),
        ({"seller": SELLER | {"country": ""}}, "seller.country"),
        ({"seller": SELLER | {"tax_id": None}}, "seller.tax_id"),
        ({"seller": SELLER | {"iban": "DE89370400440532013001"}}, "seller.iban"),
        ({"tax": {"rate": "0"}}, "tax.category"),
        ({"tax": {"rate": "5", "category": "Z"}}, "tax.rate"),
        ({"series": "INV"}, "series"),
        ({"receipt_series": "INV-{year}-{number:05}"}, "series"),
    ],
)
def test_documents_are_chosen_once_all_that_they_need_is_there(
    tenant: Tenant, change: dict[str, Any], field: str
) -> None:
    refused = tenant.admin.put(SETTINGS, BILLING | change)
    assert (refused.status, list(refused.data["errors"])) == (422, [field])
    if field not in ("seller.iban", "series"):
        assert tenant.admin.put(SETTINGS, BILLING | change | {"invoicing": "none"}).status == 200


def test_each_charge_has_its_invoice_and_what_was_paid_is_no_longer_open(billing: Tenant) -> None:
    customer = invoiced(billing, "10.00", "5.00")
    listed = billing.viewer.get(f"{DOCUMENTS}?customer_id={customer['id']}&kind=invoice").data
    assert listed["total"] == 2
    second, first = listed["items"]
    assert (first["net"], first["tax"], first["total"], first["open"]) == ("10.00", "1.60", "11.60", "11.60")
    assert first["buyer"]["name"] == "Jane Doe" and first["seller"]["name"] == "Net Ltd"
    assert [line["description"] for line in first["lines"]] == ["Router"]
    assert [(tax["tax_rate"], tax["base"], tax["tax"]) for tax in first["taxes"]] == [("16", "10.00", "1.60")]
    account = billing.viewer.get(f"/api/billing/customers/{customer['id']}/account").data
    assert account["open_documents"] == [first["id"], second["id"]]
    paid = billing.staff.post("/api/billing/payments",
                              {"customer_id": customer["id"], "amount": "12.00", "method": "bank"}).data  # fmt: skip
    shown = billing.viewer.get(f"{DOCUMENTS}/{second['id']}").data
    assert (shown["open"], shown["number"]) == ("5.40", second["number"])
    receipt = billing.cashier.post(f"/api/billing/payments/{paid['id']}/receipt")
    assert (receipt.status, receipt.data["kind"], receipt.data["total"]) == (201, "receipt", "12.00")
    assert [line["net"] for line in receipt.data["lines"]] == ["11.60", "0.40"]
    assert billing.cashier.post(f"/api/billing/payments/{paid['id']}/receipt").data["id"] == receipt.data["id"]


def test_an_invoice_is_credited_by_amount_and_by_line_and_never_changed(billing: Tenant) -> None:
    customer = invoiced(billing, "10.00", "5.00")
    second, first = billing.viewer.get(f"{DOCUMENTS}?customer_id={customer['id']}").data["items"]
    address = f"{DOCUMENTS}/{first['id']}"
    assert billing.staff.post(f"{address}/credit", {"amount": "1.16", "reason": "late"}).status == 403
    note = billing.admin.post(f"{address}/credit", {"amount": "1.16", "reason": "late"})
    assert (note.status, note.data["kind"], note.data["net"], note.data["tax"]) == (201, "credit_note", "1.00", "0.16")
    assert (note.data["corrects"], note.data["note"]) == (first["id"], "late")
    assert billing.viewer.get(address).data["corrected_by"] == [note.data["id"]]
    assert billing.admin.post(f"{address}/credit", {"amount": "10.45", "reason": "x"}).code == "more_than_invoiced"
    assert billing.admin.post(f"{address}/credit", {"lines": [1], "reason": "x"}).code == "more_than_invoiced"
    assert billing.admin.post(f"{address}/credit", {"lines": [1], "amount": "1", "reason": "x"}).status == 422
    assert billing.admin.post(f"{DOCUMENTS}/{note.data['id']}/credit", {"amount": "1", "reason": "x"}).status == 409
    whole = billing.admin.post(f"{DOCUMENTS}/{second['id']}/credit", {"lines": [1], "reason": "wrong"})
    assert (whole.status, whole.data["total"]) == (201, "5.80")
    assert billing.viewer.get(f"/api/billing/customers/{customer['id']}/account").data["credit"] == "-10.44"
    assert billing.admin.put(address, {}).status == billing.admin.delete(address).status == 405


def test_a_proforma_says_what_a_renewal_would_cost_and_nothing_is_owed(billing: Tenant) -> None:
    plan = billing.plan(price="20.00")["id"]
    customer = billing.customer(service_plan_id=plan)
    before = billing.viewer.get(f"/api/billing/customers/{customer['id']}/account").data["credit"]
    proforma = billing.staff.post(DOCUMENTS, {"customer_id": customer["id"], "periods": 2})
    assert (proforma.status, proforma.data["total"], proforma.data["number"]) == (201, "46.40", None)
    assert billing.staff.post(DOCUMENTS, {"customer_id": customer["id"]}).status == 422
    assert billing.viewer.get(f"/api/billing/customers/{customer['id']}/account").data["credit"] == before


def test_a_run_is_looked_at_planned_begun_and_carried_out(
    tenant: Tenant, rows: Rows, environment: dict[str, str]
) -> None:
    assert tenant.admin.post(RUNS, {"until": "2026-03-01"}).code == "no_billing_settings"
    tenant.admin.put(SETTINGS, BILLING | {"invoicing": "monthly"})
    invoiced(tenant, "10.00", "5.00")
    invoiced(tenant, "1.00")
    until = rows("select current_date::text")[0][0]
    dry = tenant.admin.post(RUNS, {"until": until, "dry_run": True}).data
    assert (dry["id"], dry["count"], dry["total"]) == (None, 2, "18.56")
    run = tenant.admin.post(RUNS, {"until": until}).data
    assert tenant.viewer.get(DOCUMENTS).data["total"] == 0
    assert tenant.staff.post(f"{RUNS}/{run['id']}/issue", {}).status == 403
    for _ in range(2):
        assert tenant.admin.post(f"{RUNS}/{run['id']}/issue", {}).status == 202
    engine = make_engine(environment["DATABASE_URL"], "tests")
    invoice_runs.go_on(engine, threading.Event())
    engine.dispose()
    done = tenant.viewer.get(f"{RUNS}/{run['id']}").data
    assert (done["state"], done["issued"], done["issued_total"], done["count"]) == ("done", 2, "18.56", 0)
    assert tenant.viewer.get(f"{DOCUMENTS}?kind=invoice").data["total"] == 2
    assert tenant.viewer.get(RUNS).data["items"][0]["id"] == run["id"]


def test_a_document_has_one_file_for_ever_and_its_xml_says_the_same(billing: Tenant, rows: Rows) -> None:
    customer = invoiced(billing, "10.00")
    (invoice,) = billing.viewer.get(f"{DOCUMENTS}?customer_id={customer['id']}").data["items"]
    first = billing.viewer.raw("GET", f"{DOCUMENTS}/{invoice['id']}.pdf")
    assert (first.status_code, first.content_type, first.data[:5]) == (200, "application/pdf", b"%PDF-")
    assert f"{invoice['number']}.pdf" in first.headers["Content-Disposition"]
    billing.admin.put(SETTINGS, BILLING | {"seller": SELLER | {"name": "Other Ltd"}, "look": {"colour": "#ff0000"}})
    assert billing.viewer.raw("GET", f"{DOCUMENTS}/{invoice['id']}.pdf").data == first.data
    xml = billing.viewer.raw("GET", f"{DOCUMENTS}/{invoice['id']}.xml")
    assert xml.status_code == 200
    for words in (b"Net Ltd", b"Jane Doe", invoice["number"].encode(), b"11.60"):
        assert words in xml.data
    sealed = "select d.pdf_sha256 = sha256(f.pdf) from documents d join document_files f on f.document_id = d.id"
    assert rows(f"{sealed} where d.id = :id", id=invoice["id"]) == [(True,)]
    with pytest.raises(DBAPIError, match="append-only"):
        rows("update document_files set pdf = '' where document_id = :id", id=invoice["id"])


def test_a_sample_a_proforma_a_receipt_and_a_statement_are_pages_too(billing: Tenant) -> None:
    customer = invoiced(billing, "10.00")
    body = {"customer_id": customer["id"], "lines": [{"description": "Router", "unit_price": "5.00"}]}
    proforma = billing.staff.post(DOCUMENTS, body).data
    paid = {"customer_id": customer["id"], "amount": "12.00", "method": "bank"}
    payment = billing.staff.post("/api/billing/payments", paid).data
    receipt = billing.cashier.post(f"/api/billing/payments/{payment['id']}/receipt").data
    for path in ("/api/billing/settings/sample.pdf", f"{DOCUMENTS}/{proforma['id']}.pdf",
                 f"{DOCUMENTS}/{receipt['id']}.pdf",
                 f"/api/billing/customers/{customer['id']}/statement?format=pdf"):  # fmt: skip
        page = billing.viewer.raw("GET", path)
        assert (page.status_code, page.data[:5]) == (200, b"%PDF-"), page.data
    assert billing.viewer.get(f"{DOCUMENTS}/{receipt['id']}.xml").code == "no_xml"
    named = billing.customer(service_plan_id=None, full_name="Jane \N{GRINNING FACE}")
    billing.staff.post(f"/api/billing/customers/{named['id']}/charges", {"description": "Router", "unit_price": "1"})
    (unprintable,) = billing.viewer.get(f"{DOCUMENTS}?customer_id={named['id']}").data["items"]
    assert billing.viewer.get(f"{DOCUMENTS}/{unprintable['id']}.pdf").code == "unprintable"
