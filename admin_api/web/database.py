"""One session a request, one tenant a transaction.

The tenant is a setting of the transaction, on which PostgreSQL's row-level security rests (migration 0004): it is set
whenever a transaction begins and is gone when it ends, so that a pooled connection carries nothing over.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

from flask import Flask, Response, g
from sqlalchemy import Connection, Engine, Select, event, select, text
from sqlalchemy.orm import Session, SessionTransaction

from admin_api.settings import Settings
from admin_api.web.parts import parts
from models import Base, Isp
from models.db import make_engine
from models.deadline import ANSWERS_WITHIN

ModelT = TypeVar("ModelT", bound=Base)

_SET = text("select set_config('infora.isp_id', :isp_id, true), set_config('infora.scope', :scope, true)")
_TENANCY = "tenancy"


def engine_for(settings: Settings) -> Engine:
    """Statements and waits for locks end in time, and no parameter of a statement reaches an error's text."""
    seconds = settings.statement_timeout_seconds
    limits = f"-c statement_timeout={seconds}s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s"
    return make_engine(
        settings.database_url,
        "infora api",
        # The database ends a statement that takes too long; the deadline is for one that hangs itself.
        answers_within=min(seconds + 1, ANSWERS_WITHIN),
        server_options=limits,
        hide_parameters=True,
        pool_size=5,
        max_overflow=5,
        pool_timeout=10,
    )


def session() -> Session:
    """The request's session; opened at its first use."""
    if "session" not in g:
        g.session = Session(parts().engine, expire_on_commit=False)
        event.listen(g.session, "after_begin", _enter)
    opened: Session = g.session
    return opened


def work_in(isp_id: int | None, *, everywhere: bool = False) -> None:
    """From here on the session sees this tenant alone. `everywhere`: all tenants' names and operators, too."""
    work = session()
    work.info[_TENANCY] = {
        "isp_id": "" if isp_id is None else str(isp_id),
        "scope": "all" if everywhere else "",
    }
    if work.in_transaction():
        work.execute(_SET, work.info[_TENANCY])
    g.isp_id = isp_id


def tenant_id() -> int:
    """The tenant that the request works in."""
    isp_id: int = g.isp_id
    return isp_id


def tenant() -> Isp:
    """Its row, once a request: a session forgets what nobody holds."""
    isp = session().get_one(Isp, tenant_id())
    session().info["tenant"] = isp
    return isp


def tenant_rows(model: type[ModelT]) -> Select[ModelT]:
    """The tenant's rows: the first wall. Every query about a tenant's rows begins here."""
    return select(model).where(of_tenant(model))


def of_tenant(model: type[Base]):  # type: ignore[no-untyped-def]  # noqa: ANN201  # an SQL condition
    """The condition alone, for joins and aggregates."""
    return model.isp_id == tenant_id()  # type: ignore[attr-defined]


def now() -> datetime:
    """The request's one moment."""
    if "now" not in g:
        g.now = datetime.now(UTC)
    moment: datetime = g.now
    return moment


def settle(row: Base) -> None:
    """Write what is pending and read what the database made of the row."""
    session().flush()
    session().refresh(row)


def close(_error: BaseException | None = None) -> None:
    """What was not committed is undone."""
    opened: Session | None = g.pop("session", None)
    if opened is not None:
        opened.close()


def lend_to(response: Response) -> Response:
    """The answer is made of rows as they come: the session stays open until it is sent."""
    response.call_on_close(g.pop("session").close)
    return response


def register(app: Flask) -> None:
    """Close the session with the request."""
    app.teardown_appcontext(close)


def _enter(work: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    if _TENANCY in work.info:
        connection.execute(_SET, work.info[_TENANCY])
