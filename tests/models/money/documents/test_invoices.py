"""Charges become invoices: numbers, tax rounded once, and what the ledger says beside it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models.money import charges
from models.money.charges import Line
from models.money.documents import corrections, others
from models.money.purchases.plan_change import change_now
from models.refusals import Refused
from tests.support.documents_world import SELLER, DocumentsWorld
from tests.support.money_world import suspend_triggers

STANDARD = ("S", Decimal("19.000"))


def test_an_invoice_names_seller_buyer_number_days_and_what_is_owed(world: DocumentsWorld) -> None:
    world.customer.full_name, world.customer.address, world.customer.tax_id = "Jane Doe", "2 Hill Street", "A1"
    world.subscribe(world.plan(1000))
    (invoice,) = world.issue()
    assert (invoice.kind, invoice.full_number, invoice.number, invoice.chain_no) == ("invoice", "INV-2026-00001", 1, 1)
    assert (invoice.issued_on, invoice.due_on) == (date(2026, 3, 10), date(2026, 3, 17))
    assert (invoice.net, invoice.tax, invoice.total, invoice.rounding, invoice.prepaid) == (1000, 190, 1190, 0, 0)
    assert invoice.seller == SELLER
    assert (invoice.buyer["name"], invoice.buyer["tax_id"], invoice.buyer["country"]) == ("Jane Doe", "A1", "KE")
    assert (invoice.supply_from, invoice.supply_to) == (date(2026, 3, 10), date(2026, 4, 9))
    (line,) = world.lines(invoice)
    assert (line.description, line.quantity, line.unit_price, line.net) == ("Plan 1000", 1, 1000, 1000)
    assert world.issue() == []
    assert world.verify() == []


def test_tax_is_rounded_once_a_rate_and_the_customer_owes_what_the_charges_say(world: DocumentsWorld) -> None:
    for _ in range(3):
        world.charge(103)  # 19.57 of tax each: 20 three times is 60, once 58.71 is 59
    world.charge_at(333, "7")
    (invoice,) = world.issue()
    assert world.taxes(invoice) == {STANDARD: (309, 59), ("S", Decimal("7.000")): (333, 23)}
    assert (invoice.net, invoice.tax, invoice.total) == (642, 82, 724)
    assert invoice.rounding == 1
    assert -world.credit == invoice.total + invoice.rounding == 725
    assert (world.balance("tax:S:19000"), world.balance("tax:S:7000"), world.balance("rounding")) == (59, 23, 1)
    assert world.verify() == []


def test_prices_that_hold_tax_keep_their_gross(session: Session) -> None:
    world = DocumentsWorld(session, tax_inclusive=True)
    for _ in range(3):
        world.charge(999)
    world.charge(999, quantity=2)
    (invoice,) = world.issue()
    assert (invoice.total, invoice.rounding, -world.credit) == (4995, 0, 4995)
    assert invoice.tax == 798  # 797.52…
    assert sum(line.net for line in world.lines(invoice)) == invoice.net == 4197
    assert world.balance("tax:S:19000") == invoice.tax
    assert world.verify() == []


def test_prices_with_and_without_tax_and_what_is_outside_of_it_stand_on_invoices_of_their_own(
    world: DocumentsWorld,
) -> None:
    world.charge(1000)
    world.charge_at(1190, "19", inclusive=True)
    world.charge_at(500, "0", category="O")
    documents = world.issue()
    assert [(row.net, row.tax, row.tax_inclusive) for row in documents] == [
        (1000, 190, False), (500, 0, False), (1000, 190, True)]  # fmt: skip
    assert [row.number for row in documents] == [1, 2, 3]
    reasons = world.session.execute(text("select exemption_reason from document_taxes where tax_category = 'O'"))
    assert reasons.scalars().all() == ["Not subject to tax"]
    assert world.verify() == []


def test_what_was_taken_back_before_it_was_invoiced_reaches_no_document(world: DocumentsWorld) -> None:
    charges.reverse(world.session, world.isp, world.charge(500), "mistake", world.now)
    assert world.issue() == []
    charge = world.charge(700)
    (invoice,) = world.issue()
    charges.reverse(world.session, world.isp, charge, "mistake", world.now)
    (note,) = world.issue()
    assert (note.kind, note.full_number, note.corrects) == ("credit_note", "CN-2026-00001", invoice.id)
    assert (note.net, note.tax) == (invoice.net, invoice.tax) == (700, 133)
    assert world.credit == 0
    assert world.verify() == []


def test_a_discount_waits_until_there_is_enough_to_deduct_it_from(world: DocumentsWorld) -> None:
    world.charge(-600, kind="adjustment", description="Discount")
    assert world.issue() == []
    world.charge(500)
    (first,) = world.issue()
    assert first.net == 500
    world.charge(1000)
    (second,) = world.issue()
    assert [(line.quantity, line.unit_price, line.net) for line in world.lines(second)] == [
        (-1, 600, -600), (1, 1000, 1000)]  # fmt: skip
    assert (second.net, second.tax) == (400, 76)
    assert world.verify() == []


def test_what_was_paid_before_stands_on_the_invoice(world: DocumentsWorld) -> None:
    world.charge(1000)
    world.pay(800)
    (invoice,) = world.issue()
    assert (invoice.total, invoice.prepaid) == (1190, 800)
    world.pay(5000)
    world.charge(100)
    (paid,) = world.issue()
    assert paid.prepaid == paid.total == 119


@pytest.mark.parametrize("change", [
    "update documents set note = 'other'", "update documents set total = total + 1, net = net + 1",
    "delete from documents", "update document_lines set description = 'other'", "delete from document_lines",
    "truncate document_taxes", "update document_chains set length = 0", "update number_series set next = 1",
    "delete from number_series",
    "insert into document_lines select isp_id, document_id, 9, null, description, quantity, unit_price, price_quantity,"
    " net, tax_category, tax_rate from document_lines",
])  # fmt: skip
def test_an_issued_document_is_frozen_to_the_owner_too(world: DocumentsWorld, change: str) -> None:
    world.charge(1000)
    world.issue()
    world.session.execute(text("set constraints all immediate"))
    with pytest.raises(DBAPIError, match=r"not changed|append-only|moves with|given once"):
        world.session.execute(text(change))


def test_fiscal_and_the_files_hash_are_written_once(world: DocumentsWorld) -> None:
    world.charge(1000)
    (invoice,) = world.issue()
    order = text("update documents set fiscal = cast(:fiscal as jsonb), pdf_sha256 = '\\x01' where id = :id")
    world.session.execute(order, {"fiscal": '{"control_number": "1"}', "id": invoice.id})
    with pytest.raises(DBAPIError, match="not changed"):
        world.session.execute(order, {"fiscal": '{"control_number": "2"}', "id": invoice.id})


@pytest.mark.parametrize("change", [
    "update documents set number = 7, full_number = 'X' where kind = 'proforma'",
    "update documents set issued_at = now() where kind = 'proforma'",
    "update documents set kind = 'proforma' where kind = 'invoice'",
    "update documents set number = null where kind = 'invoice'",
])  # fmt: skip
def test_a_draft_with_a_number_is_refused_whoever_writes_it(world: DocumentsWorld, change: str) -> None:
    world.charge(1000)
    world.issue()
    draft = others.proforma(world.session, world.isp, world.customer.id, [Line("fee", "Router", 5000)], world.now)
    assert (draft.number, draft.chain_no, draft.total) == (None, None, 5950)
    suspend_triggers(world.session, "documents")
    with pytest.raises(DBAPIError, match="numbered_when_issued"):
        world.session.execute(text(change))


def test_each_charge_is_invoiced_in_its_own_transaction_where_the_tenant_wants_it(session: Session) -> None:
    world = DocumentsWorld(session, invoicing="each_charge")
    world.subscribe(world.plan(3000))
    world.now = datetime(2026, 3, 20, 12, tzinfo=UTC)
    change_now(session, world.isp, world.customer, world.plan(6000), world.now)
    kinds = session.execute(text("select kind, full_number, net from documents where isp_id = :isp order by chain_no"),
                            {"isp": world.isp.id}).all()  # fmt: skip
    assert [tuple(row) for row in kinds] == [
        ("invoice", "INV-2026-00001", 3000),
        ("credit_note", "CN-2026-00001", 3000),
        ("invoice", "INV-2026-00002", 5000),
    ]
    assert world.issue() == []
    assert world.verify() == []


def test_a_sale_is_never_refused_because_a_document_would_lack_something(session: Session) -> None:
    world = DocumentsWorld(session, invoicing="each_charge", seller={})
    world.subscribe(world.plan(3000))
    assert session.scalar(text("select count(*) from documents where isp_id = :isp"), {"isp": world.isp.id}) == 0
    world.change_settings(seller=SELLER)
    assert len(world.issue()) == 1


def test_nothing_from_before_invoicing_began_is_invoiced(session: Session) -> None:
    world = DocumentsWorld(session, invoicing_since=date(2026, 3, 11))
    world.charge(1000)
    assert world.issue() == []


def test_numbers_begin_anew_with_the_year_where_the_pattern_has_it(session: Session) -> None:
    world = DocumentsWorld(session, series="{year}/{number:03}")
    numbers = []
    for moment in (datetime(2025, 12, 31, 12, tzinfo=UTC), datetime(2025, 12, 31, 13, tzinfo=UTC),
                   datetime(2026, 1, 1, tzinfo=UTC)):  # fmt: skip
        world.now = moment
        world.charge(100)
        numbers += [row.full_number for row in world.issue()]
    assert numbers == ["2025/001", "2025/002", "2026/001"]
    world.now = datetime(2025, 6, 1, tzinfo=UTC)  # a clock that was set back
    world.charge(100)
    (late,) = world.issue()
    assert (late.full_number, late.issued_on) == ("2026/002", date(2026, 1, 1))
    assert world.verify() == []


def test_only_an_invoice_is_credited_and_never_more_than_it(world: DocumentsWorld) -> None:
    world.charge(1000)
    (invoice,) = world.issue()
    with pytest.raises(Refused, match="cannot exceed"):
        world.credit_amount(invoice, 1191)
    note = world.credit_amount(invoice, 1190)
    assert (note.net, note.tax, world.credit) == (1000, 190, 0)
    with pytest.raises(Refused, match="Only an invoice"):
        corrections.credit_amount(world.session, world.isp, note, 1, "again", world.now)
