"""What a message says: a subject and a few words in the customer's language."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from models.money.paper.words import words_of

_BLANK = re.compile(r"\{(name|document|seller)\}")


class Letter(NamedTuple):
    subject: str
    body: str


@cache
def _letters() -> dict[str, str]:
    letters: dict[str, str] = json.loads(Path(__file__).with_name("letters.json").read_text(encoding="utf-8"))
    return letters


def about_document(language: str, kind: str, number: str, names: tuple[str, str], text: str) -> Letter:
    """`names`: seller and customer; `text`: the words of the tenant above ours, in which nothing is filled in."""
    language, words = words_of(language)
    seller, customer = names
    document = " ".join(filter(None, (words[kind], number)))
    values = {"name": customer, "document": document, "seller": seller}
    body = _BLANK.sub(lambda blank: values[blank[1]], _letters()[language])
    return Letter(f"{document} - {seller}", "\n\n".join(filter(None, (text.strip(), body))))


def trial_letter(seller: str) -> Letter:
    """Says that the settings work."""
    return Letter(f"Test - {seller}", "This message was sent to try out the e-mail settings. They work.\n")
