"""The recorded results of logins, as `radpostauth` has them."""

from __future__ import annotations

import time
from typing import NamedTuple

from tests.wire.system import System

_PATIENCE = 10.0


class Recorded(NamedTuple):
    """One row of `radpostauth`."""

    username: str
    reply: str
    code: str
    customer_id: int | None
    device_id: int | None
    nas_address: str
    mac: str
    klass: str


def recorded(system: System, isp_id: int, count: int) -> list[Recorded]:
    """The tenant's results, the oldest first, as soon as there are so many. They may come late, and never twice."""
    deadline = time.monotonic() + _PATIENCE
    while len(found := _rows(system, isp_id)) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(found) == count, f"{len(found)} results are recorded, not {count}: {found}"
    return found


def _rows(system: System, isp_id: int) -> list[Recorded]:
    return [
        Recorded(*row)
        for row in system.sql(
            "select username, reply, code, customer_id, device_id, host(nasipaddress), callingstationid, class"
            " from radpostauth where isp_id = :isp order by authdate, id",
            isp=isp_id,
        )
    ]
