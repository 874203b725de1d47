"""Cells of a CSV file: no formula for a spreadsheet, and the same text when they are read again."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from admin_api.web.csv_rows import harmless, plain


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r", "\n=1", "\uff1dcmd|x", "\uff0b1", "\uff0d1", "\uff20x", "'=1"]
)
def test_a_formula_is_text(text: str) -> None:
    cell = harmless(text)
    assert cell == "'" + text


@pytest.mark.parametrize("text", ["", "Ann", "O'Hara", "'quoted'", "a=b", "5", "'"])
def test_anything_else_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text == plain(text)


@given(st.text(st.sampled_from("'=+-@\uff1d\uff0b\t\r\nab,\" "), max_size=6) | st.text())
@example("''=x")
def test_a_cell_is_read_as_it_was_written(text: str) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerow([harmless(text), "end"])
    buffer.seek(0)
    ((cell, _),) = csv.reader(buffer)
    assert plain(cell) == text
