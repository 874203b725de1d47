"""The recorded results of logins, as `radpostauth` has them."""

from __future__ import annotations

import re
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
    while len(rows := _rows(system, isp_id)) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(rows) == count, f"{len(rows)} results are recorded, not {count}: {rows}"
    return rows


def _rows(system: System, isp_id: int) -> list[Recorded]:
    return [
        Recorded(*row)
        for row in system.sql(
            "select username, reply, code, customer_id, device_id, host(nasipaddress), callingstationid, class"
            " from radpostauth where isp_id = :isp order by authdate, id",
            isp=isp_id,
        )
    ]


def octets_of(written: str) -> bytes:
    """The octets that models.accounting.records.readable made this text of; it must be one that is safe to print."""
    assert written.isprintable()
    parts = re.split(r"\\x([0-9a-f]{2})", written)
    return b"".join(bytes.fromhex(part) if number % 2 else part.encode() for number, part in enumerate(parts))
