"""Somebody with a superuser's rights changes, removes or inserts a row of documents: `verify-books` names it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from models.money.books.verification import checks
from models.money.charges import Line
from models.money.documents import others
from tests.support.documents_world import DocumentsWorld
from tests.support.money_world import suspend_triggers

TABLES = ("documents", "document_lines", "document_taxes", "document_files", "document_chains", "number_series",
          "charges", "transfers")  # fmt: skip
_CONSTRAINTS = text("""
    select conrelid::regclass::text, conname from pg_constraint
     where contype in ('f', 'c') and conrelid::regclass::text = any(:tables)""")
_FILE = text("insert into document_files (isp_id, document_id, pdf, sha256) values (:isp, :id, 'page', sha256('page'))")
#: What is done (`:first` and `:last` are the two invoices) → the rule that must notice it, and what it says of where.
TAMPERING = {
    "update documents set note = 'x' where id = :last": ("document_hash", "INV-2026-00002"),
    "update documents set buyer = buyer || '{\"name\": \"y\"}' where id = :last": ("document_hash", "INV-2026-00002"),
    "update document_lines set description = 'x' where document_id = :last and line = 1": ("document_hash", "00002"),
    "update documents set hash = sha256('x') where id = :last": ("document_hash", "INV-2026-00002"),
    "insert into document_lines select isp_id, document_id, 99, null, description, quantity, unit_price,"
    " price_quantity, net, tax_category, tax_rate from document_lines where document_id = :last and line = 1":
        ("document_hash", "INV-2026-00002"),
    "delete from documents where full_number = 'INV-2026-00001'": ("document_chain", "missing"),
    "delete from documents where chain_no = (select max(chain_no) from documents)": ("document_chain", "its last is"),
    """insert into documents select (jsonb_populate_record(d, jsonb_build_object('id', 999999999, 'number', 99,
       'full_number', 'INV-X', 'chain_no', 99, 'payment_id', null))).* from documents d where d.id = :last""":
        ("document_chain", "INV-X"),
    "update document_chains set length = length + 1": ("document_chain", "document chain"),
    "delete from documents where id = :last": ("document_numbers", "series INV-2026-#"),
    "update number_series set next = next + 1 where series like 'INV%'": ("document_numbers", "series INV-2026-#"),
    "update documents set number = 7777, full_number = 'INV-2026-07777' where full_number = 'INV-2026-00002'":
        ("document_numbers", "INV-2026-07777"),
    "update documents set issued_at = issued_at - interval '1 day' where full_number = 'INV-2026-00002'":
        ("document_numbers", "INV-2026-00002"),
    "update documents set total = total + 1 where id = :last": ("document_sums", "document"),
    "update document_lines set net = net + 1 where document_id = :last and line = 1": ("document_sums", "document"),
    "delete from document_lines where document_id = :last and line = 1": ("document_sums", "document"),
    "update document_taxes set tax = tax + 1 where document_id = :last": ("document_tax", "document"),
    "update document_taxes set base = base - 5 where document_id = :first":
        ("credit_notes", "credited"),
    "update documents set corrects = id where kind = 'credit_note'": ("credit_notes", "no invoice"),
    "update document_lines set charge_id = null where document_id = :last and line = 1":
        ("document_charges", "document"),
    "update documents set rounding = rounding + 1 where kind = 'credit_note'": ("document_charges", "document"),
    "delete from transfers where cause = 'document'": ("document_in_ledger", "from rounding 0"),
    "update documents set total = 1 where kind = 'receipt'": ("receipts", "document"),
    "update document_files set pdf = 'other'": ("document_files", "document"),
    "delete from document_files": ("document_files", "missing"),
    "update documents set number = 1, series = 'x', full_number = 'x' where kind = 'proforma'": ("proformas", "with x"),
}  # fmt: skip


class Books(NamedTuple):
    """An open transaction, and the invoices in it."""

    session: Session
    first: int
    last: int


@pytest.fixture(scope="module")
def books(owner: Engine) -> Iterator[Books]:
    """Two invoices, one of them with rounding; a credit note, a receipt, a proforma and a file; all of it right."""
    with Session(owner) as session:
        world = DocumentsWorld(session)
        world.charge(1000)
        (first,) = world.issue()
        for _ in range(3):
            world.charge(103)
        (last,) = world.issue()
        world.credit_amount(first, 1190)
        others.receipt(session, world.isp, world.pay(500), world.now)
        others.proforma(session, world.isp, world.customer.id, [Line("fee", "Router", 5000)], world.now)
        session.execute(_FILE, {"isp": world.isp.id, "id": first.id})
        session.execute(text("update documents set pdf_sha256 = sha256('page') where id = :id"), {"id": first.id})
        session.execute(text("set constraints all immediate"))
        assert world.verify() == []
        for table in TABLES:
            suspend_triggers(session, table)
        for table, constraint in session.execute(_CONSTRAINTS, {"tables": list(TABLES)}).all():
            session.execute(text(f"alter table {table} drop constraint {constraint}"))
        yield Books(session, first.id, last.id)
        session.rollback()


@pytest.mark.parametrize("order", TAMPERING)
def test_what_was_changed_removed_or_inserted_is_named(books: Books, order: str) -> None:
    name, words = TAMPERING[order]
    (check,) = [check for check in checks() if check.name == name]
    tampered = books.session.begin_nested()
    assert books.session.execute(text(order), {"last": books.last, "first": books.first}).rowcount > 0
    rows = books.session.connection().exec_driver_sql(check.broken).all()
    tampered.rollback()
    assert any(words in f"{row} {detail}" for _, row, detail in rows)
    assert books.session.connection().exec_driver_sql(check.broken).all() == []
