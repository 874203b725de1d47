"""Proves the books by `checks.sql`, which shares nothing with what writes them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

_HEADING = re.compile(r"^-- check (\w+): (.+)$", re.MULTILINE)


class Check(NamedTuple):
    """A rule, and the statement that selects the rows that break it."""

    name: str
    rule: str
    broken: str


class Finding(NamedTuple):
    """The first row that breaks a rule, and how many do."""

    check: str
    rule: str
    isp_id: int
    row: str
    detail: str
    rows: int


@cache
def checks() -> tuple[Check, ...]:
    """All of them, in the order of the file."""
    parts = _HEADING.split(Path(__file__).with_name("checks.sql").read_text(encoding="utf-8"))[1:]
    return tuple(
        Check(name, rule, broken.strip().removesuffix(";"))
        for name, rule, broken in zip(parts[0::3], parts[1::3], parts[2::3], strict=True)
    )


def verify(connection: Connection) -> list[Finding]:
    """What breaks a rule, of all tenants that the connection sees; empty where every rule holds.

    Wants one snapshot (REPEATABLE READ): otherwise what is written meanwhile is seen by half of the checks.
    """
    findings = []
    for check in checks():
        first = f"select *, count(*) over () from ({check.broken}) broken(isp_id, row, detail) order by 1, 2 limit 1"  # noqa: S608  # our own text
        row = connection.exec_driver_sql(first).one_or_none()
        if row is not None:
            findings.append(Finding(check.name, check.rule, *row))
    return findings
