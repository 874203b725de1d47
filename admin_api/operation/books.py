"""Commands about the books: are they right, and how do they leave the house."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from admin_api.operation.installation import NotPossible, first_line, owner_engine
from models import Isp
from models.money.books import export
from models.money.books.verification import checks, verify


def verified(env: Mapping[str, str]) -> dict[str, Any]:
    """What `checks.sql` finds, of all tenants, in one snapshot."""
    engine = owner_engine(env)
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            findings = [finding._asdict() for finding in verify(connection)]
    except DBAPIError as error:
        raise NotPossible(f"The database refuses: {first_line(error)}") from None
    finally:
        engine.dispose()
    return {"ok": not findings, "checks": len(checks()), "findings": findings}


def exported(env: Mapping[str, str], isp_id: int) -> Iterator[str]:
    """A tenant's books as beancount text, in one snapshot."""
    engine = owner_engine(env)
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            if connection.scalar(select(Isp.id).where(Isp.id == isp_id)) is None:
                raise NotPossible(f"There is no ISP with the id {isp_id}.")
            yield from export.beancount(connection, isp_id)
    except DBAPIError as error:
        raise NotPossible(f"The database refuses: {first_line(error)}") from None
    finally:
        engine.dispose()
