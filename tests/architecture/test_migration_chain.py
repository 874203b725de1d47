"""Migrations follow each other one by one: two that follow the same one would leave an upgrade without an end."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

VERSIONS = Path(__file__).parents[2] / "models" / "migrations" / "versions"
_REVISION = re.compile(r'^(revision|down_revision)(?:: [^=]+)? = "?([0-9]{4}|None)"?$', re.MULTILINE)


def broken(files: Iterable[tuple[str, str]]) -> list[str]:
    """What is wrong with (name, text) of the migrations."""
    wrong, last = [], "None"
    for name, text in sorted(files):
        links = dict(_REVISION.findall(text))
        if links != {"revision": name[:4], "down_revision": last}:
            wrong.append(f"{name} should be {name[:4]} after {last}, and is {links}")
        last = name[:4]
    return wrong


def test_each_follows_the_one_before() -> None:
    files = [(file.name, file.read_text()) for file in VERSIONS.glob("[0-9]*.py")]
    assert len(files) > 20 and broken(files) == []


@pytest.mark.parametrize(
    ("name", "before"), [("0002_b.py", "0001"), ("0003_b.py", "0001"), ("0003_b.py", "0004")]
)  # fmt: skip
def test_a_second_head_and_a_gap_are_seen(name: str, before: str) -> None:
    files = [("0001_a.py", 'revision = "0001"\ndown_revision = None\n'),
             ("0002_a.py", 'revision = "0002"\ndown_revision = "0001"\n'),
             (name, f'revision = "{name[:4]}"\ndown_revision = "{before}"\n')]  # fmt: skip
    assert len(broken(files)) >= 1
