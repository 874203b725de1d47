"""ISPs: a superadmin's, and each admin's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from apiflask import APIBlueprint
from sqlalchemy import Select, select

from admin_api.access.authentication import allowed, principal
from admin_api.tenants.bodies import IspChange, IspIn, IspKey, IspMade, IspOut, IspPage
from admin_api.web.bodies import Nothing
from admin_api.web.database import now, session, settle, work_in
from admin_api.web.errors import refuse
from admin_api.web.pages import PageQuery, page_of
from admin_api.web.parts import parts
from admin_api.web.route import answers, asks, documents, takes
from admin_api.web.rows import row as the_row
from models import Isp
from models.money.fixed_terms import change_terms, check_currency
from models.tenants import isps as tenancy

isps = APIBlueprint("isps", __name__, url_prefix="/api/isps", tag="ISPs")


def visible() -> Select[Isp]:
    """All ISPs for a superadmin, for everybody else their own."""
    own = principal().isp_id
    return select(Isp) if own is None else select(Isp).where(Isp.id == own)


def inside(view: Callable[..., Any]) -> Callable[..., Any]:
    """What a superadmin does with an ISP happens inside that ISP, whatever X-ISP-ID says."""

    @wraps(view)
    def moved(row: Isp, **kwargs: object) -> object:
        if principal().isp_id is None:
            work_in(row.id, everywhere=True)
        return view(row=row, **kwargs)

    return moved


@isps.get("")
@allowed("viewer", tenant=False)
@asks(PageQuery)
@answers(IspPage)
def index(query: PageQuery) -> dict[str, Any]:
    """List ISPs"""
    return page_of(visible().order_by(Isp.id), query, list)


@isps.post("")
@documents(responses=[409])
@allowed("superadmin", tenant=False)
@takes(IspIn)
@answers(IspMade, 201, "ISP created. Its API key and RADIUS secret are shown this once.")
def create(body: IspIn) -> dict[str, Any]:
    """Create an ISP"""
    check_currency(body.currency, now().date())
    isp, key, secret = tenancy.create_isp(session(), parts().keyring, **body.model_dump())
    return _shown(isp) | {"api_key": key, "radius_secret": secret}


@isps.get("/<int:id>")
@allowed("viewer", tenant=False)
@the_row(Isp, visible)
@answers(IspOut)
def read(row: Isp) -> Isp:
    """Read an ISP"""
    return row


@isps.route("/<int:id>", methods=["PUT", "PATCH"])
@documents(responses=[409, 412])
@allowed("admin", tenant=False)
@the_row(Isp, visible)
@inside
@takes(IspChange)
@answers(IspOut, message="ISP changed.")
def change(row: Isp, body: IspChange) -> Isp:
    """Change an ISP"""
    changes = body.given()
    if "status" in changes and principal().role != "superadmin" and changes["status"] != row.status:
        refuse(403, "forbidden", "Only a superadmin suspends and activates ISPs.")
    change_terms(session(), row, changes, now().date())
    tenancy.update_isp(session(), parts().keyring, row, changes)
    settle(row)
    return row


@isps.delete("/<int:id>")
@documents(responses=[409, 412])
@allowed("superadmin", tenant=False)
@the_row(Isp, visible)
@inside
@answers(Nothing, message="ISP deleted.")
def delete(row: Isp) -> dict[str, Any]:
    """Delete an ISP that has no customers, devices and plans left"""
    tenancy.delete_isp(session(), row)
    return {}


@isps.post("/<int:id>/suspend")
@allowed("superadmin", tenant=False)
@the_row(Isp, visible)
@inside
@answers(IspOut, message="ISP suspended.")
def suspend(row: Isp) -> Isp:
    """Suspend an ISP: its customers can no longer log in, and open sessions end"""
    tenancy.suspend_isp(session(), row)
    settle(row)
    return row


@isps.post("/<int:id>/activate")
@allowed("superadmin", tenant=False)
@the_row(Isp, visible)
@inside
@answers(IspOut, message="ISP activated.")
def activate(row: Isp) -> Isp:
    """Lift an ISP's suspension"""
    tenancy.activate_isp(session(), row)
    settle(row)
    return row


@isps.post("/<int:id>/rotate-key")
@allowed("admin", tenant=False)
@the_row(Isp, visible)
@inside
@answers(IspKey, message="The new API key is shown this once; the old one is void.")
def rotate_key(row: Isp) -> dict[str, Any]:
    """Replace the API key"""
    key = tenancy.rotate_api_key(session(), row)
    return _shown(row) | {"api_key": key}


def _shown(isp: Isp) -> dict[str, Any]:
    settle(isp)
    return IspOut.model_validate(isp).model_dump()
