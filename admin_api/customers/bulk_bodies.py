"""One act for many customers, as sent and as shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from admin_api.customers.bodies import CustomerFilter
from admin_api.web.types import Body, Line, RowId, Shown, Whole, unchanged

Action = Literal["renew", "change_plan", "suspend", "activate"]
#: Customers of one request; more are several requests.
MOST_CUSTOMERS = 10_000


class BulkFilter(CustomerFilter):
    """Which customers: those whom every condition lets through. All of them are an explicit `everybody`."""

    ids: Annotated[list[RowId], Field(max_length=MOST_CUSTOMERS)] | None = None
    everybody: Literal[True] | None = None


class BulkIn(Body):
    """What is done to whom; `dry_run` says what would become of each. The other fields are those of the single act."""

    filter: BulkFilter
    action: Action
    dry_run: bool = False
    periods: Annotated[Whole, Field(ge=1, le=120)] = 1
    begin: Literal["end", "now"] = Field(default="end", alias="from")
    service_plan_id: RowId = unchanged()
    when: Literal["now", "period_end"] = "now"
    pay: Literal["given", "on_account"] | None = None
    reason: Line | None = None


class BulkResultOut(Shown):
    """What became of one customer. `code`: `done`, `unchanged` (they were that way already), or why not."""

    customer_id: int
    username: str | None
    ok: bool
    code: str
    message: str
    charged: str
    expires_at: datetime | None


class BulkOut(Shown):
    """How many are `done`, were that way already (`unchanged`) and were `refused`, and each of them by id."""

    action: Action
    dry_run: bool
    customers: int
    done: int
    unchanged: int
    refused: int
    charged: str
    results: list[BulkResultOut]
