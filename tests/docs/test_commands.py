"""Every command that the documentation prints is run by a test, or listed with the reason why none can."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.s6 import tree
from tests.docs.commands_proved import PROVED
from tests.support.documented import PAGES
from tests.support.page import HOME, blocks


def commands(text: str) -> Iterator[str]:
    """Of the blocks of a page: lines that go on are one, comments and what a command's text goes on with are none."""
    for block in blocks(text):
        open_quotes = 0
        for line in re.sub(r"\\\n\s*", "", block).splitlines():
            if open_quotes % 2 == 0 and line.strip() and not line.startswith("#"):
                yield line
            open_quotes += re.sub(r"(^|\s)#.*", "", line).count("'")


def proof_of(page: str, command: str) -> str | None:
    """Of the longest beginning that the table has."""
    beginnings = [begin for where, begin in PROVED if where == page and command.startswith(begin)]
    return PROVED[page, max(beginnings, key=len)] if beginnings else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOME)))
def test_every_command_is_proved_or_has_a_reason(page: Path) -> None:
    name = str(page.relative_to(HOME))
    printed = list(commands(page.read_text(encoding="utf-8")))
    assert [command for command in printed if proof_of(name, command) is None] == []
    listed = [begin for where, begin in PROVED if where == name]
    assert [begin for begin in listed if not any(command.startswith(begin) for command in printed)] == []


@pytest.mark.parametrize("proof", sorted(set(PROVED.values())))
def test_the_tests_that_prove_them_are_there(proof: str) -> None:
    assert not proof.startswith("tests/") or " " in proof or (HOME / proof).is_file()


def test_a_planted_command_is_seen() -> None:
    page = "```sh\nmake run  # known\ncurl -s http://x --json '{\"a\":\n  1}'\n# a comment\nrm -rf \\\n  x\n```\n"
    assert [command.split()[0] for command in commands(page)] == ["make", "curl", "rm"]
    assert [command for command in commands(page) if proof_of("README.md", command) is None] == [
        "curl -s http://x --json '{\"a\":", "rm -rf x",
    ]  # fmt: skip


def test_every_measured_table_names_the_command_that_measures_it() -> None:
    text = (HOME / "README.md").read_text(encoding="utf-8")
    tables = [(match.start(), match.group()) for match in re.finditer(r"(^\|.*\n)+", text, re.MULTILINE)]
    measured = [(begin, rows) for begin, rows in tables if re.search(r"\d/s|p99|\d ms", rows)]
    assert len(measured) >= 3
    for begin, rows in measured:
        paragraph = text[:begin].rstrip().rpartition("\n\n")[2]
        assert "make bench" in paragraph or "python -m tests.bench" in paragraph, rows


def test_how_large_logs_grow_is_what_their_logger_is_told() -> None:
    kept, size = re.search(r" n(\d+) s(\d+)000000 ", tree._LOGGER).groups()  # type: ignore[union-attr]
    docs = HOME / "docs"
    assert f"rotated at {size} MB, {kept} kept" in (docs / "install.md").read_text(encoding="utf-8")
    for page in ("security.md", "troubleshooting.md"):
        assert f"{int(kept) * int(size)} MB" in (docs / page).read_text(encoding="utf-8")
