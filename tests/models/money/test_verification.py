"""`verify-books` names what is wrong: for each rule, somebody with a superuser's rights breaks it."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from models.audit_trail import Actor, act_as
from models.money import charges, drawers, payments
from models.money.books import daily_proof
from models.money.books.verification import checks, verify
from models.money.purchases.sale import Pay
from tests.models.money.documents.test_tampering import TAMPERING as OF_DOCUMENTS
from tests.support.money_world import MoneyWorld

TABLES = ("transfers", "charges", "payments", "refunds", "drawers", "ledger_accounts", "ledger_checkpoints")
_CONSTRAINTS = text("""
    select conrelid::regclass::text, conname from pg_constraint
     where (contype in ('f', 'c', 'x') or conname = 'uq_transfers_isp_id_key')
       and conrelid::regclass::text = any(:tables)""")
#: What is done → a rule that must notice it.
TAMPERING = {
    "update transfers set amount = amount + 1 where cause = 'payment'": "kept_balance",
    "update transfers set amount = amount + 1 where cause = 'payment' and reverses is null": "payment_in_ledger",
    "delete from transfers where cause = 'charge' and reverses is null": "charge_in_ledger",
    "update ledger_accounts set credit = credit + 1 where kind = 'customer'": "customer_balance",
    "update ledger_accounts set seq = seq + 1 where kind = 'customer'": "kept_balance",
    "update charges set net = net + 1 where kind = 'fee' and reverses is null": "charge_amount",
    "update charges set tax = tax - 1 where kind = 'period' and not given": "charge_amount",
    "update charges set days_whole = days_until - days_from where days_from > 0": "charge_amount",
    "delete from charges where given and reverses is not null": "charge_reversal",
    "delete from charged_periods": "charged_period",
    "update charged_periods set during = tstzrange(lower(during), upper(during) + interval '1 day')": "charged_period",
    "insert into charged_periods select isp_id, charge_id + 1000, customer_id, during from charged_periods":
        "charged_once",
    "update payments set state = 'reversed' where method = 'bank'": "payment_in_ledger",
    "update payments set customer_id = customer_id + 1 where method = 'cash'": "customer_balance",
    "update payments set amount = 1 where method = 'other'": "refunds",
    "update refunds set amount = amount + 1": "refunds",
    "update transfers set amount = amount - 1 where reverses is not null": "reversal_in_full",
    "update transfers set cause_id = 0 where cause = 'drawer'": "transfer_has_cause",
    "update transfers set amount = amount + 1 where cause = 'drawer'": "closed_drawer_empty",
    "update ledger_checkpoints set balance = balance + 1": "checkpoint",
    "update ledger_accounts set floor = credit + 1 where kind = 'customer'": "floor",
    "update transfers set to_account = from_account where cause = 'payment'": "accounts_of_one_tenant",
    """insert into transfers (isp_id, from_account, to_account, amount, cause, cause_id, key, effective_on, actor)
       select isp_id, from_account, to_account, amount, cause, cause_id, 'again', effective_on, actor
         from transfers where cause = 'payment' limit 1""": "payment_in_ledger",
    """insert into transfers (isp_id, from_account, to_account, amount, cause, cause_id, key, effective_on, actor)
       select isp_id, from_account, to_account, amount, cause, cause_id, key, effective_on, actor
         from transfers where cause = 'payment' limit 1""": "key_once",
}  # fmt: skip


@pytest.fixture
def books(session: Session) -> Session:
    """Some of everything, all of it right."""
    world = MoneyWorld(session)
    act_as(session, Actor("carol"))
    plan, better = world.plan(3000), world.plan(4000)
    world.subscribe(plan)
    world.now = world.customer.expires_at.replace(day=1)
    world.change(better)
    world.subscribe(plan, pay=Pay("given", "sorry"))
    charges.reverse(session, world.isp, world.charge(500), "mistake", world.now)
    world.charge(200)
    world.pay(8000)
    payments.refund(session, world.isp, world.pay(900, "other"), 300, "too much", world.now)
    world.pay(100, "cash")
    drawers.close(session, world.isp, drawers.open_drawer(session, world.isp, world.now), 90, None, world.now)
    daily_proof.checkpoint(session.connection(), daily_proof.horizon(session.connection()))
    assert world.verify() == []
    for table in TABLES:
        session.execute(text(f"alter table {table} disable trigger user"))
    for table, constraint in session.execute(_CONSTRAINTS, {"tables": [*TABLES, "charged_periods"]}).all():
        session.execute(text(f"alter table {table} drop constraint {constraint}"))
    return session


@pytest.mark.parametrize("order", TAMPERING)
def test_what_was_tampered_with_is_named(books: Session, order: str) -> None:
    assert books.execute(text(order)).rowcount > 0
    findings = {finding.check: finding for finding in verify(books.connection())}
    assert TAMPERING[order] in findings
    assert findings[TAMPERING[order]].row


def test_every_rule_has_been_seen_to_fail() -> None:
    """`zero_sum` cannot be broken while a transfer is one row."""
    seen = set(TAMPERING.values()) | {check for check, _ in OF_DOCUMENTS.values()}
    assert {check.name for check in checks()} - seen == {"zero_sum"}
