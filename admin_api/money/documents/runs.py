"""Invoice runs: looked at, planned, begun; the worker carries them out."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from admin_api.access.authentication import allowed, principal
from admin_api.money.documents.bodies import RunIn, RunOut, RunPage
from admin_api.web.database import now, session, tenant, tenant_rows
from admin_api.web.money import shown_amount
from admin_api.web.pages import PageQuery, page_of
from admin_api.web.route import answers, asks, documents, takes
from admin_api.web.rows import row as the_row
from models import InvoiceRun
from models.money.documents import runs
from models.money.documents.waiting import Waits

invoice_runs = APIBlueprint("invoice_runs", __name__, url_prefix="/api/billing/invoice-runs", tag="Documents")
_NOTHING = Waits(0, 0, [])


@invoice_runs.get("")
@allowed("viewer")
@asks(PageQuery)
@answers(RunPage)
def index(query: PageQuery) -> dict[str, Any]:
    """List invoice runs, the newest first, with what they have issued"""
    return page_of(tenant_rows(InvoiceRun).order_by(InvoiceRun.id.desc()), query,
                   lambda rows: [_shown(row, _NOTHING) for row in rows])  # fmt: skip


@invoice_runs.post("")
@documents(responses=[409])
@allowed("refunds")
@takes(RunIn)
@answers(RunOut, 201, "What the run issues once it is told to.")
def create(body: RunIn) -> dict[str, Any]:
    """Plan an invoice run, or only ask what one would issue"""
    waits = runs.figures(session(), tenant(), body.until)
    if body.dry_run:
        dry = InvoiceRun(id=None, until=body.until, state="planned", automatic=False, issued=0, total=0,
                         actor=principal().name)  # fmt: skip
        return _shown(dry, waits)
    return _shown(runs.plan(session(), tenant(), body.until, now()), waits)


@invoice_runs.get("/<int:id>")
@allowed("viewer")
@the_row(InvoiceRun)
@answers(RunOut)
def read(row: InvoiceRun) -> dict[str, Any]:
    """Read how far a run is, and what still waits"""
    return _shown(row, _NOTHING if row.state == "done" else runs.figures(session(), tenant(), row.until))


@invoice_runs.post("/<int:id>/issue")
@documents(responses=[409])
@allowed("refunds")
@the_row(InvoiceRun)
@answers(RunOut, 202, "The worker issues the documents.")
def issue(row: InvoiceRun) -> dict[str, Any]:
    """Begin a run: the worker issues it, a thousand customers at a time, whatever dies meanwhile"""
    runs.start(session(), row)
    return _shown(row, runs.figures(session(), tenant(), row.until))


def _shown(run: InvoiceRun, waits: Waits) -> dict[str, Any]:
    same = ("id", "until", "state", "automatic", "issued", "actor", "created_at", "done_at")
    return {name: getattr(run, name) for name in same} | {
        "count": waits.customers,
        "total": shown_amount(waits.total),
        "by_plan": [share._asdict() | {"total": shown_amount(share.total)} for share in waits.by_plan],
        "issued_total": shown_amount(run.total),
        "currency": tenant().currency,
    }
