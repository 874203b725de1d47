"""Operators' reply attributes that cannot be sent: each refuses every login that it concerns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from admin_api.operation.installation import NotPossible, owner_engine
from models import Radgroupreply, Radreply
from radius_module.replies.attribute import UnencodableAttribute, encode

#: More than so many are counted, not listed.
_LISTED = 20


def warnings(env: Mapping[str, str]) -> list[str]:
    """A sentence for each row. Rows that the API saved were checked; SQL writes what it likes."""
    try:
        engine = owner_engine(env)
    except NotPossible:
        return []
    try:
        with engine.connect() as connection:
            rows = list(_unsendable(connection))
    except SQLAlchemyError:
        return []  # the database's own check says why
    finally:
        engine.dispose()
    more = [f"reply rows: {len(rows) - _LISTED} more cannot be sent"] if len(rows) > _LISTED else []
    return rows[:_LISTED] + more


def _unsendable(connection: Connection) -> Iterator[str]:
    for model, owner in ((Radreply, Radreply.username), (Radgroupreply, Radgroupreply.groupname)):
        rows = select(model.isp_id, model.id, owner, model.attribute, model.op, model.value).where(
            model.origin == "operator", model.is_active
        )
        for isp_id, row_id, name, *row in connection.execute(rows.execution_options(yield_per=1000)):
            try:
                encode(*row)
            except UnencodableAttribute as error:
                yield f"{model.__tablename__} {row_id} ({name}, ISP {isp_id}) refuses logins: {error}"
