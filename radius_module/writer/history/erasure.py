"""Customers who asked to be forgotten are struck out of the history, in slices: what they used stays, who it was goes.

A session that is still open ends first, and reports of it may arrive for days: each erasure is gone over again for a
week after it was first done.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, text

from models.db import first_line

log = logging.getLogger(__name__)

_EVERY = 60.0
_PIECE = 2000
#: What takes the place of a name where there must be one.
NOBODY = "(erased)"


class Erased(NamedTuple):
    """Whom a round is about."""

    isp: int
    id: int
    customer: int
    username: str
    since: datetime


#: Those that wait for the end of a session each minute, those that are done each hour.
_WAITING = text(
    "select isp_id, id, customer_id, username, requested_at from erasures where username is not null and (checked_at"
    " is null or checked_at < now() - case when done_at is null then interval '50 s' else interval '1 hour' end)"
    " order by requested_at limit 1"
)
_OF_SESSION = (
    "username", "callingstationid", "framedipaddress", "framedipv6address", "framedipv6prefix", "framedinterfaceid",
    "delegatedipv6prefix", "class", "connectinfo_start", "connectinfo_stop", "nasportid",
)  # fmt: skip
#: The customer's; and what came under the name when it was nobody's any more.
_ITS = (
    "isp_id = :isp and (customer_id = :customer"
    " or (customer_id is null and {moment} >= :since and username = :username))"
)
_SLICES = (
    text(
        f"update radacct set {', '.join(f'{name} = null' for name in _OF_SESSION)}"  # noqa: S608  # constants
        f" where (tableoid, ctid) in (select tableoid, ctid from radacct where {_ITS.format(moment='acctstarttime')}"
        f" and acctstoptime is not null and num_nonnulls({', '.join(_OF_SESSION)}) > 0 limit :piece)"
    ),
    text(
        "update radpostauth set username = :nobody, callingstationid = null, class = null"  # noqa: S608  # constants
        f" where (tableoid, ctid) in (select tableoid, ctid from radpostauth where {_ITS.format(moment='authdate')}"
        " and username <> :nobody limit :piece)"
    ),
    text(
        "update outbox set username = null, payload = '{}' where (isp_id, id) in (select isp_id, id from outbox"
        " where isp_id = :isp and customer_id = :customer and done_at is not null"
        " and (username is not null or payload <> '{}') limit :piece)"
    ),
    text(
        "delete from quarantine where (isp_id, id) in (select isp_id, id from quarantine"
        " where isp_id = :isp and lower(record ->> 'username') = lower(:username) limit :piece)"
    ),
    text("delete from mails where isp_id = :isp and customer_id = :customer"),
    text(
        "update payments set note = null, pay_reference = null where isp_id = :isp and customer_id = :customer"
        " and num_nonnulls(note, pay_reference) > 0"
    ),
)
_AUDIT = text("select infora_erase_from_audit(:isp, :customer)")
#: A session, or a request to a device that names the customer.
_OPEN = text(
    "select exists(select from radacct where isp_id = :isp and customer_id = :customer and acctstoptime is null)"
    " or exists(select from outbox where isp_id = :isp and customer_id = :customer and done_at is null)"
)
#: Once nothing can arrive any more, the name itself goes.
_CHECKED = text(
    "update erasures set checked_at = now(), done_at = case when :open then null else coalesce(done_at, now()) end,"
    " username = case when not :open and done_at < now() - interval '7 days' then null else username end"
    " where isp_id = :isp and id = :id"
)


def carry_out(engine: Engine) -> int:
    """What waits; how many rows were changed. Raises the database's errors."""
    changed = 0
    with engine.connect() as connection:
        while (row := connection.execute(_WAITING).one_or_none()) is not None:
            changed += _strike_out(connection, Erased(*row))
    return changed


def keep_erasing(engine: Engine, stopping: threading.Event) -> None:
    """Each minute. A reason to try again is logged once."""
    logged = ""
    while not stopping.wait(_EVERY):
        try:
            carry_out(engine)
            logged = ""
        except Exception as error:
            if first_line(error) != logged:
                log.warning("erasures: trying again every minute: %s", first_line(error))
            logged = first_line(error)


def _strike_out(connection: Connection, whom: Erased) -> int:
    """One customer, in slices that commit; ends by writing down how far that is."""
    values = {"isp": whom.isp, "customer": whom.customer, "username": whom.username, "since": whom.since,
              "nobody": NOBODY, "piece": _PIECE}  # fmt: skip
    changed = 0
    for statement in _SLICES:
        while (rows := _run(connection, statement, values)) > 0:
            changed += rows
    changed += int(connection.scalar(_AUDIT, {"isp": whom.isp, "customer": whom.customer}) or 0)
    is_open = connection.scalar(_OPEN, {"isp": whom.isp, "customer": whom.customer})
    connection.execute(_CHECKED, {"isp": whom.isp, "id": whom.id, "open": is_open})
    connection.commit()
    return changed


def _run(connection: Connection, statement: Any, values: dict[str, Any]) -> int:  # noqa: ANN401  # a statement
    names = statement.compile().params
    rows = connection.execute(statement, {name: value for name, value in values.items() if name in names}).rowcount
    connection.commit()
    return rows
