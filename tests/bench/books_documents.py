"""An invoice run for everybody: customers whose charges wait, issued as the worker issues them, without pages."""

import time
from datetime import UTC, date, datetime
from threading import Event

import psycopg2
from sqlalchemy.orm import Session

from models import Isp
from models.db import make_engine
from models.money import billing_settings
from models.money.books.verification import verify
from models.money.documents import runs
from radius_module.enforce.duties import invoice_runs
from tests.bench.bench import Bench
from tests.bench.books_ledger import Ledger
from tests.bench.table import Row, bounded

CUSTOMERS = 20_000
_SELLER = {"name": "Bench", "address": "1 Street", "country": "KE", "tax_id": "1"}
#: Without the triggers that a login needs.
_PEOPLE = """
set session_replication_role = replica;
insert into customers (isp_id, username, login_name, full_name, address, expires_at)
select %(isp)s, 'payer ' || n, 'payer ' || n, 'Payer ' || n, n || ' Hill Street', now()
  from generate_series(1, %(count)s) n;
set session_replication_role = origin
"""
_ACCOUNTS = """
insert into ledger_accounts (isp_id, kind, code, customer_id, credit, seq)
select %(isp)s, 'customer', 'customer:' || id, id, 0, 0 from customers where isp_id = %(isp)s
union all select %(isp)s, kind, code, null, null, null
  from (values ('revenue', 'revenue'), ('tax', 'tax:S:16000')) own(kind, code)
"""
_CHARGES = """
insert into charges (isp_id, customer_id, kind, description, unit_price, net, tax, tax_category, tax_rate, effective_on,
                     actor)
select %(isp)s, id, 'fee', 'Internet', 1000, 1000, 160, 'S', 16, current_date, 'bench' from customers
 where isp_id = %(isp)s
"""
#: With the triggers: balances follow.
_TRANSFERS = """
insert into transfers (isp_id, from_account, to_account, amount, cause, cause_id, key, effective_on, actor)
select c.isp_id, a.id, o.id, s.amount, 'charge', c.id, 'charge:' || c.id || ':' || s.word, c.effective_on, 'bench'
  from charges c
  join ledger_accounts a on a.isp_id = c.isp_id and a.customer_id = c.customer_id,
       lateral (values ('net', 'revenue', c.net), ('tax', 'tax:S:16000', c.tax)) s(word, code, amount)
  join ledger_accounts o on o.isp_id = %(isp)s and o.code = s.code
 where c.isp_id = %(isp)s
"""


def invoice_run(bench: Bench, ledger: Ledger) -> list[Row]:
    """From the moment the run may begin until the last document is committed."""
    engine = make_engine(ledger.installation.urls.engine, "infora bench", answers_within=3600.0)
    with Session(engine) as session, session.begin():
        isp = Isp(name="Invoice run")
        session.add(isp)
        session.flush()
        values = {"seller": _SELLER, "tax_rate": 16, "invoicing": "monthly", "invoicing_since": date(2020, 1, 1)}
        billing_settings.save(session, isp.id, values)
        isp_id = isp.id
    with psycopg2.connect(ledger.superuser) as db, db.cursor() as cursor:
        for statement in (_PEOPLE, _ACCOUNTS, _CHARGES, _TRANSFERS):
            cursor.execute(statement, {"isp": isp_id, "count": CUSTOMERS})
        cursor.execute("analyze customers, charges, ledger_accounts, transfers, document_lines")
    now = datetime.now(UTC)
    with Session(engine) as session, session.begin():
        run = runs.plan(session, session.get_one(Isp, isp_id), now.date(), now)
        runs.start(session, run)
        run_id = run.id
    begun = time.monotonic()
    invoice_runs.go_on(engine, Event())
    seconds = time.monotonic() - begun
    bench.say(f"    books  project: {CUSTOMERS:,} invoices in {seconds:.1f} s")
    with Session(engine) as session:
        issued = session.get_one(type(run), (isp_id, run_id)).issued
        findings = [finding for finding in verify(session.connection()) if finding.isp_id == isp_id]
    engine.dispose()
    if issued != CUSTOMERS or findings:
        bench.failures.append(f"FAILED: books: the run issued {issued} of {CUSTOMERS} invoices: {findings[:1]}")
    return [bounded("books", f"invoices of a run of {CUSTOMERS:,} customers", issued / seconds, "1/s", at_least=2000)]
