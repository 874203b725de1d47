"""CSV as spreadsheets write it: comma, semicolon or tab, `sep=`, a byte order mark or none."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import chain

from admin_api.web.spreadsheets import NotATable

_SEPARATORS = ",;\t|"
#: `sep=;` in the first line, by which Excel is told the separator.
_TOLD = re.compile(r'"?sep=(?P<separator>[,;|\t])"?;*,*\s*', re.IGNORECASE)
#: Octets of a header that is looked at for its separator.
_LONGEST_LINE = 100_000


def read_csv(file: io.BufferedReader[io.RawIOBase]) -> Iterator[list[str]]:
    """The rows with their cells as they stand, the header first; empty lines are empty rows, as a spreadsheet counts.

    Raises NotATable while it is read.
    """
    beginning = file.peek(2)[:2]
    encoding = "utf-16" if beginning in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    lines = io.TextIOWrapper(file, encoding=encoding, newline="")
    reader = None
    try:
        first = lines.readline(_LONGEST_LINE)
        if told := _TOLD.fullmatch(first):
            separator, source = told["separator"], iter(lines)
        else:
            separator, source = _separator(first), chain([first], lines)
        reader = csv.reader(source, delimiter=separator, strict=True)
        yield from reader
    except UnicodeError:
        raise NotATable('The file is not UTF-8: save it as "CSV UTF-8", or as a workbook (.xlsx).') from None
    except csv.Error as wrong:
        raise NotATable(f"The file is not CSV: {wrong} (line {reader.line_num if reader else 1}).") from None


def _separator(header: str) -> str:
    """The one that the header has most of, outside of quotes: names of columns have none inside."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(_SEPARATORS, key=bare.count)
