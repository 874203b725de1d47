"""What spreadsheets do to values, read knowingly or refused with the reason; nothing is guessed.

A spreadsheet takes what looks like a number for one: zeros in front go, long numbers become powers of ten, decimal
points become commas. A cell knows what the spreadsheet kept it as, where the file says so.
"""

from __future__ import annotations

import re


class Number(str):
    """The digits of a cell that a workbook keeps as a number: zeros in front of it are gone."""

    __slots__ = ()


class Day(str):
    """A day or time of a workbook, as RFC 3339 writes it, without offset."""

    __slots__ = ()


class Formula(str):
    """A formula of a workbook. It is never worked out, and the result that was kept with it may be an old one."""

    __slots__ = ()


#: 2.54712E+11 was a telephone number.
_POWER_OF_TEN = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]{2,3}")
#: What is shown in place of a value that could not be worked out, in every language alike for these.
_FAILED = frozenset({"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"})
_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"-?[0-9]+,[0-9]+")
_POINT_GROUPS = re.compile(r"-?[0-9]{1,3}(?:[.'\u2019][0-9]{3})+,[0-9]+")
_COMMA_GROUPS = re.compile(r"-?[0-9]{1,3}(?:[,'\u2019][0-9]{3})+\.[0-9]+")
#: Blanks that no line is broken at, which group digits in French and in Swiss tables.
_BLANKS = str.maketrans("", "", " \u00a0\u202f\u2009")
#: More digits than this do not survive in a spreadsheet, which counts in binary fractions (IEEE 754).
_MOST_DIGITS = 15


def check_text(cell: str) -> None:
    """Raises ValueError, in the user's words, for what was a text before a spreadsheet had it."""
    if isinstance(cell, Formula):
        raise ValueError("holds a formula: copy the column and paste it as values")
    if isinstance(cell, Day):
        raise ValueError("is a day in the spreadsheet: format the column as text and type it again")
    if _POWER_OF_TEN.fullmatch(cell) or (
        isinstance(cell, Number) and len(cell.strip("-").split(".")[0]) > _MOST_DIGITS
    ):
        raise ValueError("is a number that the spreadsheet has cut: format the column as text and type it again")
    if cell in _FAILED:
        raise ValueError("is an error of the spreadsheet")


def decimal_number(cell: str) -> str:
    """The number with a decimal point, from all ways to write it that have one meaning only.

    Raises ValueError for the others: 1,234 is a thousand to some and one and a bit to others.
    """
    check_text(cell)
    text = cell.translate(_BLANKS)
    if _PLAIN.fullmatch(text):
        return text
    if _DECIMAL_COMMA.fullmatch(text):
        if len(text.partition(",")[2]) == 3:
            raise ValueError("can be read in two ways: write it without a comma, or with a decimal point")
        return text.replace(",", ".")
    if _POINT_GROUPS.fullmatch(text):
        whole, _, fraction = text.partition(",")
        return re.sub(r"[^0-9-]", "", whole) + "." + fraction
    if _COMMA_GROUPS.fullmatch(text):
        whole, _, fraction = text.rpartition(".")
        return re.sub(r"[^0-9-]", "", whole) + "." + fraction
    return text  # the field's own check has the words for it


def whole_number(cell: str) -> str:
    """A whole number, also where a spreadsheet shows it as 12.0 or 12,00."""
    digits, _, fraction = decimal_number(cell).partition(".")
    return digits if not fraction.strip("0") else f"{digits}.{fraction}"


def day(cell: str) -> str:
    """A day or time as the API takes it; raises ValueError for a formula, or a number that stands for a day."""
    if isinstance(cell, Number):
        raise ValueError("is a number in the spreadsheet: format the column as a date, or as text such as 2027-12-31")
    if not isinstance(cell, Day):
        check_text(cell)
    return str(cell)


def doubt(cell: str) -> str | None:
    """What to ask about a text that was taken, because it may have lost zeros in front; None without a doubt."""
    if isinstance(cell, Number):
        return "is a number in the spreadsheet: zeros in front of it, if there were any, are gone"
    return None


def telephone_doubt(cell: str) -> str | None:
    """The same of a telephone number in CSV, where a number cannot be told from a text."""
    if doubt(cell) or (cell.isascii() and cell.isdigit() and not cell.startswith("0") and len(cell) < 10):
        return "has neither 0 nor + in front: a spreadsheet may have taken it away"
    return None
