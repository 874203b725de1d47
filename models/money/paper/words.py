"""A page's own words in the languages that there are, and numbers and texts as they are set."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

#: The folder that typst sees, and nothing beside it.
ROOT = Path(__file__).parent / "typst"
FALLBACK = "en"

Words = Mapping[str, str]
#: What XML 1.0 cannot hold, and no page shows.
_NO_TEXT = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONG_WORD = re.compile(r"\S{25,}")
_PIECE = 12
#: Latin, Greek, Cyrillic and Armenian, whose letters stand side by side, come before it.
_FIRST_JOINING = "\u0590"


class Unprintable(ValueError):
    """A text that cannot be set or written; the message names the character."""

    def __init__(self, character: str) -> None:
        shown = f"{character} (U+{ord(character):04X})" if character.isprintable() else f"U+{ord(character):04X}"
        super().__init__(f"The character {shown} cannot be printed: no font has it.")
        self.character = character


def refuse_controls(text: str) -> None:
    """Raises Unprintable for a character that is no text."""
    if no_text := _NO_TEXT.search(text):
        raise Unprintable(no_text.group())


@cache
def every_language() -> dict[str, dict[str, str]]:
    """By language: en, fr, es, pt, sw, ar."""
    languages: dict[str, dict[str, str]] = json.loads((ROOT / "words.json").read_text(encoding="utf-8"))
    return languages


def words_of(language: str) -> tuple[str, Words]:
    """The language that a page is set in, and its words: English where there is none of that name."""
    known = language.partition("-")[0].lower()
    if known not in every_language():
        known = FALLBACK
    return known, every_language()[known]


def amount(minor: int, digits: int, words: Words) -> str:
    """`1,234.50` with the language's separators, and all the digits of the currency."""
    plain = f"{Decimal(minor).scaleb(-digits):,f}"
    return plain.translate({ord(","): words["group"], ord("."): words["decimal"]})


def percent(rate: Decimal, words: Words) -> str:
    """`16%`, `7,7 %`: without zeros that say nothing."""
    return plain_number(rate).replace(".", words["decimal"]) + words["percent"]


def plain_number(value: Decimal) -> str:
    """
    >>> plain_number(Decimal("7.70")), plain_number(Decimal("100")), plain_number(Decimal("0.000"))
    ('7.7', '100', '0')
    """
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def days(period: tuple[date, date]) -> str:
    """Both days are included."""
    first, last = period
    return first.isoformat() if first == last else f"{first.isoformat()} \u2013 {last.isoformat()}"


def direction(text: str) -> Literal["ltr", "rtl"]:
    """Of a text that stands alone: as its first letter; a number or a date runs from left to right everywhere."""
    for character in text:
        match unicodedata.bidirectional(character):
            case "L":
                return "ltr"
            case "R" | "AL":
                return "rtl"
    return "ltr"


def breakable(text: str) -> str:
    """Words too long for a column may be broken, invisibly; scripts whose letters join up stay whole."""
    return _LONG_WORD.sub(lambda word: _with_breaks(word.group()), text)


def _with_breaks(word: str) -> str:
    pieces, length = "", 0
    for character in word:
        if length >= _PIECE and character < _FIRST_JOINING and unicodedata.category(character)[0] != "M":
            pieces, length = pieces + "\u200b", 0
        pieces, length = pieces + character, length + 1
    return pieces
