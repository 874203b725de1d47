"""docs/security.md names every requirement of ASVS 5.0 up to level 2 once, and no test that is not there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
PAGE = HOME / "docs" / "security.md"
#: Section → the last of its requirements of levels 1 and 2, which come first in each.
SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4,
    "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5,
    "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4,
    "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3, "17.1": 1, "17.2": 4,
    "17.3": 2,
}  # fmt: skip
_NAMED = re.compile(r"`(test_\w+)::(test_\w+|\*)`")


@cache
def names_in(module: str) -> set[str]:
    """Of all test files of that name; some of those names come twice."""
    return {
        node.name
        for path in (HOME / "tests").rglob(f"{module}.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def missing(text: str) -> list[str]:
    """Tests that a text names and that are not there; `*` is any."""
    return [f"{module}::{name}" for module, name in _NAMED.findall(text)
            if not (names_in(module) if name == "*" else name in names_in(module))]  # fmt: skip


def rows() -> list[tuple[list[str], str, str]]:
    """Numbers, what is said of them, and the tests or pages beside it."""
    text = PAGE.read_text(encoding="utf-8").split("## OWASP ASVS", 1)[1]
    cells = [line.strip("|").split("|") for line in text.splitlines() if re.match(r"\| \d+\.\d+", line)]
    return [(numbers.replace(" ", "").split(","), said.strip(), beside.strip()) for numbers, said, beside in cells]


def requirements(number: str) -> list[str]:
    """A section's number stands for all of it."""
    if number in SECTIONS:
        return [f"{number}.{last}" for last in range(1, SECTIONS[number] + 1)]
    return [number]


def test_every_test_that_the_page_names_is_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(_NAMED.findall(text)) > 100
    assert missing(text) == []


def test_a_planted_name_is_seen() -> None:
    assert missing("`test_walls::test_nobody_gets_in`, `test_no_such_file::*`") == [
        "test_walls::test_nobody_gets_in", "test_no_such_file::*",
    ]  # fmt: skip
    assert missing("`test_security_page::test_a_planted_name_is_seen`, `test_walls::*`") == []


def test_every_requirement_is_judged_once() -> None:
    judged = [number for numbers, _said, _beside in rows() for each in numbers for number in requirements(each)]
    wanted = [f"{section}.{number}" for section, last in SECTIONS.items() for number in range(1, last + 1)]
    assert sorted(judged) == sorted(wanted)


@pytest.mark.parametrize(("numbers", "said", "beside"), rows(), ids=lambda value: ",".join(value)[:20])
def test_what_is_claimed_has_its_test_or_its_page_and_what_is_not_its_reason(
    numbers: list[str], said: str, beside: str
) -> None:
    word, _, reason = said.partition(":")
    if word.startswith(("yes", "nearly")):
        assert _NAMED.search(beside) or re.search(r"\]\(|`[\w.]+`", beside), numbers
    else:
        assert word in ("no", "not here"), said
        assert len(reason) > 10 or numbers[0].startswith(("10.", "17.")), numbers
