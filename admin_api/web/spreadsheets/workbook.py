"""The first sheet of an Excel workbook (.xlsx, ECMA-376), with bounds on what it unpacks to.

Formulas are never worked out: their cells come as Formula. Macros and links are not looked at. XML entities are bounded
by expat itself, from 2.4 on.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from admin_api.web.spreadsheets import NotATable
from admin_api.web.spreadsheets.cells import Day, Formula, Number

#: Octets of the file, of all that it unpacks to, and the most columns of a row that are read.
LARGEST_WORKBOOK, _MOST_UNPACKED, _MOST_COLUMNS = 16_000_000, 128_000_000, 200
#: What openpyxl raises for files that are none; a SyntaxError is the XML parser's.
_SPOILT = (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, IndexError, SyntaxError, TypeError)
_NOT_A_WORKBOOK = "The file is no Excel workbook that can be read: save it again as .xlsx, or as CSV UTF-8."


def read_workbook(file: IO[bytes]) -> Iterator[list[str]]:
    """The rows of the first sheet, the header first. Raises NotATable while it is read."""
    octets = file.read(LARGEST_WORKBOOK + 1)
    if len(octets) > LARGEST_WORKBOOK:
        raise NotATable(f"The workbook is larger than {LARGEST_WORKBOOK // 1_000_000} MB: save it as CSV UTF-8.")
    _check_size(octets)
    try:
        workbook = load_workbook(io.BytesIO(octets), read_only=True, data_only=False, keep_links=False)
        sheet = workbook.worksheets[0]
        sheet.reset_dimensions()  # what a sheet says of its own size may be wrong
        for row in sheet.iter_rows(max_col=_MOST_COLUMNS):
            yield _trimmed([_cell(cell) for cell in row])
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        IndexError,
        SyntaxError,
        TypeError,
    ) as wrong:
        raise NotATable(_NOT_A_WORKBOOK) from wrong


def _check_size(octets: bytes) -> None:
    """By the archive's own list: zipfile reads no more of a member than the list says."""
    try:
        unpacked = sum(member.file_size for member in zipfile.ZipFile(io.BytesIO(octets)).infolist())
    except (zipfile.BadZipFile, ValueError) as wrong:
        raise NotATable(_NOT_A_WORKBOOK) from wrong
    if unpacked > _MOST_UNPACKED:
        raise NotATable("The workbook is too large when unpacked: save the sheet as CSV UTF-8.")


def _cell(cell: Any) -> str:  # noqa: ANN401  # openpyxl's cell, of several classes
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return Formula(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return Number(value)
    if isinstance(value, float):
        return Number(int(value) if value.is_integer() and abs(value) < 10**18 else repr(value))
    if isinstance(value, datetime):
        return Day(value.date().isoformat() if value.time() == time() else value.isoformat(timespec="seconds"))
    if isinstance(value, date | time):
        return Day(value.isoformat())
    return str(value)


def _trimmed(cells: list[str]) -> list[str]:
    """Without the empty cells behind the last that holds something, which a sheet has as many of as it likes."""
    while cells and not cells[-1]:
        cells.pop()
    return cells
