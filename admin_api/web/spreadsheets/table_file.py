"""A table that somebody uploads: the kind of file is known by its first octets, columns by their names.

Names of columns may be written as people do: blanks around them, capitals, `Full Name`, `E-Mail`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator

from admin_api.web.spreadsheets import NotATable
from admin_api.web.spreadsheets.csv_table import read_csv
from admin_api.web.spreadsheets.workbook import read_workbook

#: How a ZIP archive begins, which a workbook is, and how the files of older Excels do (MS-CFB).
_ZIP, _OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def read_table(stream: io.RawIOBase) -> Iterator[tuple[int, list[str]]]:
    """(number, cells) of each row that holds anything; the header is row 1. Raises NotATable while it is read."""
    file = io.BufferedReader(stream)
    beginning = file.peek(4)[:4]
    if beginning == _OLD_OFFICE:
        raise NotATable("This is a file of an old Excel (.xls): save it as .xlsx, or as CSV UTF-8.")
    rows = read_workbook(file) if beginning == _ZIP else read_csv(file)
    width = 0
    for number, cells in enumerate(rows, 1):
        if any(cell.strip() for cell in cells):
            width = width or len(cells)
            # A workbook does not say how many empty cells a row ends with.
            padding = [""] * (width - len(cells)) if beginning == _ZIP else []
            yield number, cells + padding


def named(header: Iterable[str], known: Iterable[str]) -> list[str]:
    """The columns' names as they are known here; those that nobody knows as they stand, without the blanks around."""
    names = {_bare(name): name for name in known}
    return [names.get(_bare(cell), cell.strip()) for cell in header]


def _bare(name: str) -> str:
    return re.sub(r"[\s_\-\u00a0\u2010\u2011]+", "", name).lower()
