"""CSV: rows as spreadsheets take them, with cells that would be formulas made harmless."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from flask import Response, current_app

#: What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection"), full-width forms included.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_BATCH = 500
#: Without a byte order mark Excel reads UTF-8 as the code page of the country.
_MARK = "\ufeff"


def csv_response(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A file to download, made while it is sent; rows that the database still sends need `database.lend_to`."""
    response = current_app.response_class(_lines(columns, rows), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def harmless(value: object) -> object:
    """A text that would be a formula gets an apostrophe, which spreadsheets hide; `plain` takes it away again."""
    if isinstance(value, str) and _begins_formula(value):
        return "'" + value
    return value


def plain(cell: str) -> str:
    """The text that `harmless` was given."""
    return cell[1:] if cell.startswith("'") and _begins_formula(cell) else cell


def _begins_formula(text: str) -> bool:
    """Apostrophes before it count for nothing: a text that has one of its own gets another, and keeps its own."""
    return text.lstrip("'").startswith(_FORMULA)


def _lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    buffer = io.StringIO()
    buffer.write(_MARK)
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    for count, row in enumerate(rows, 1):
        writer.writerow([harmless(value) for value in row])
        if count % _BATCH == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
