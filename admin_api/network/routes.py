"""What was asked of the network: the list, once more, and an end of sessions by hand."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy import or_

from admin_api.access.authentication import allowed
from admin_api.network.bodies import RequestOut, RequestPage, RequestQuery, RequestsMade
from admin_api.web.database import session, tenant_rows
from admin_api.web.errors import refuse
from admin_api.web.pages import page_of
from admin_api.web.route import answers, asks, documents
from admin_api.web.rows import row as the_row
from models import Customer, Outbox, Radacct
from models.audit_trail import record
from models.network import requests

network = APIBlueprint("network", __name__, url_prefix="/api", tag="Network")


@network.get("/network/requests")
@allowed("viewer")
@asks(RequestQuery)
@answers(RequestPage)
def index(query: RequestQuery) -> dict[str, Any]:
    """List requests to devices"""
    # An event whose sessions have been looked up stands behind their requests.
    found = tenant_rows(Outbox).where(or_(Outbox.acctuniqueid.is_not(None), Outbox.status == "pending"))
    for name in ("customer_id", "device_id", "status", "reason"):
        if (value := getattr(query, name)) is not None:
            found = found.where(getattr(Outbox, name) == value)
    return page_of(found.order_by(Outbox.id.desc()), query, list)


@network.post("/network/requests/<int:id>/retry")
@documents(responses=[409])
@allowed("staff")
@the_row(Outbox)
@answers(RequestOut, 202, "The request is tried again.")
def retry(row: Outbox) -> Outbox:
    """Try a request that has failed once more"""
    requests.again(session(), row)
    record(session(), "retry", row, {}, {"kind": row.kind, "reason": row.reason})
    return row


@network.post("/billing/customers/<int:id>/disconnect")
@allowed("staff")
@the_row(Customer)
@answers(RequestsMade, 202, "The customer's sessions are asked to end.")
def disconnect_customer(row: Customer) -> dict[str, Any]:
    """End a customer's sessions; the customer may log in again"""
    ids = requests.disconnect_sessions(session(), row.isp_id, Radacct.customer_id == row.id)
    record(session(), "disconnect", row, {}, {"requests": ids})
    return {"requests": ids}


@network.post("/billing/sessions/<session_id>/disconnect")
@documents(responses=[404, 409])
@allowed("staff")
@answers(RequestsMade, 202, "The session is asked to end.")
def disconnect_session(session_id: str) -> dict[str, Any]:
    """End one session, by the `id` that the lists of sessions show"""
    found = session().scalar(
        tenant_rows(Radacct).where(Radacct.acctuniqueid == session_id).order_by(Radacct.session_month.desc()).limit(1)
    )
    if found is None:
        refuse(404, "not_found", "There is no such thing here.")
    if found.acctstoptime is not None:
        refuse(409, "session_over", "The session has ended already.")
    ids = requests.disconnect_sessions(session(), found.isp_id, Radacct.acctuniqueid == session_id)
    record(session(), "disconnect", found, {}, {"session_id": found.acctsessionid, "requests": ids})
    return {"requests": ids}
