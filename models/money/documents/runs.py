"""Everybody's waiting charges become documents: a thousand customers a transaction, so that a run that dies goes on.

What is done is written in the transaction that does it. In the caller's transactions; commits nothing.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models.audit_trail import record
from models.money import billing_settings, ledger
from models.money.charges import local_day
from models.money.documents import parties, waiting
from models.money.documents.invoices import drafts_for, scope_of
from models.money.documents.issue import issue, take_turn
from models.money.documents.waiting import Waits
from models.refusals import Invalid, Refused
from models.tables.documents import InvoiceRun
from models.tables.isps import BillingSettings, Isp

#: Customers of one transaction: the lock that all who issue wait for is held no longer than these take.
CHUNK = 1000


class Waiting(NamedTuple):
    """A run that is not done."""

    isp_id: int
    run_id: int


def figures(session: Session, isp: Isp, until: date) -> Waits:
    """What a run up to that day would issue."""
    settings = parties.complete(billing_settings.read(session, isp.id))
    scope = scope_of(isp, settings, until)
    return waiting.totals(session, scope) if scope else Waits(0, 0, [])


def plan(session: Session, isp: Isp, until: date, now: datetime, *, automatic: bool = False) -> InvoiceRun:
    """A run that issues nothing before it is told to."""
    settings = parties.complete(billing_settings.read(session, isp.id))
    if settings.invoicing_since is None:
        raise Refused("no_invoicing", "The billing settings say that nothing is invoiced.")
    if until > local_day(isp, now):
        raise Invalid("until", "must not lie in the future")
    run = InvoiceRun(isp_id=isp.id, until=until, actor=ledger.acting(session), automatic=automatic)
    session.add(run)
    session.flush()
    session.refresh(run)
    record(session, "create", run)
    return run


def start(session: Session, run: InvoiceRun) -> None:
    """From here on it is carried out, whoever dies meanwhile. One of a tenant at a time."""
    session.refresh(run, with_for_update=True)
    if run.state != "planned":
        return
    issuing = select(InvoiceRun.id).where(InvoiceRun.isp_id == run.isp_id, InvoiceRun.state == "issuing")
    if session.scalar(issuing) is not None:
        raise Refused("run_under_way", "Another invoice run is under way.")
    run.state = "issuing"
    session.flush()
    record(session, "issue", run, after={"until": str(run.until)})


def unfinished(session: Session) -> list[Waiting]:
    """Runs that are to go on, of all tenants."""
    query = select(InvoiceRun.isp_id, InvoiceRun.id).where(InvoiceRun.state == "issuing").order_by(InvoiceRun.id)
    return [Waiting(*row) for row in session.execute(query)]


def issue_chunk(session: Session, isp_id: int, run_id: int, now: datetime, size: int = CHUNK) -> bool:
    """The next customers' documents; False once there are none left. The same twice, or at once, does nothing twice."""
    run = session.get_one(InvoiceRun, (isp_id, run_id), with_for_update=True, populate_existing=True)
    isp = session.get_one(Isp, isp_id)
    settings = billing_settings.read(session, isp_id)
    if run.state != "issuing" or settings is None:
        return False
    scope = scope_of(isp, settings, run.until)
    turn = take_turn(session, isp, parties.complete(settings), now)
    customers = waiting.next_customers(session, scope, run.last_customer_id, size) if scope else []
    drafts = drafts_for(session, turn, customers, run.until)
    run.issued += len(issue(session, turn, drafts, run.id))
    run.total += sum(-draft.charged if draft.kind == "credit_note" else draft.charged for draft in drafts)
    if customers:
        run.last_customer_id = customers[-1]
    else:
        run.state, run.done_at = "done", turn.at
        record(session, "finish", run, after={"issued": run.issued, "total": run.total})
    session.flush()
    return bool(customers)


def due(session: Session, now: datetime) -> list[tuple[int, date]]:
    """Tenants whose month is over and has had no run, with that month's last day."""
    rows = session.execute(_MONTHLY, {"now": now}).all()
    wanted = [(isp_id, today.replace(day=1) - timedelta(days=1), last) for isp_id, today, last in rows]
    return [(isp_id, until) for isp_id, until, last in wanted if last is None or last < until]


def begin_due(session: Session, isp_id: int, until: date, now: datetime) -> InvoiceRun | None:
    """The month's run, begun; None where somebody else has done so, or the settings lack what documents need."""
    settings = session.get(BillingSettings, isp_id, with_for_update=True, populate_existing=True)
    if settings is None or parties.missing(settings) or (isp_id, until) not in due(session, now):
        return None
    isp = session.get_one(Isp, isp_id)
    if session.scalar(select(InvoiceRun.id).where(InvoiceRun.isp_id == isp_id, InvoiceRun.state == "issuing")):
        return None
    run = plan(session, isp, until, now, automatic=True)
    start(session, run)
    return run


_MONTHLY = text("""
select s.isp_id, (cast(:now as timestamptz) at time zone i.timezone)::date,
       (select max(until) from invoice_runs r where r.isp_id = s.isp_id and r.automatic)
  from billing_settings s join isps i on i.id = s.isp_id
 where s.invoicing = 'monthly' and i.status = 'active'
   and s.invoicing_since < date_trunc('month', cast(:now as timestamptz) at time zone i.timezone)::date
 order by s.isp_id
""")
