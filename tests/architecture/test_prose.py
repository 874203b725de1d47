"""Words that every reader understands: people are "they", and nothing is cited that the repository does not hold."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.source import HOME, MIGRATIONS

_MIGRATIONS = MIGRATIONS.replace(".", "/")
_PERSON = re.compile(r"\b(he|him|his|himself|she|her|hers|herself)\b", re.IGNORECASE)
#: Written apart, so that this file does not hold them either.
_PAPERS = ("DES" + "IGN", "FA" + "CTS", "CONT" + "RACT", "HO" + "USE", "MON" + "EY", "ST" + "YLE", "SE" + "ED")
_CITATION = re.compile(rf"\b({'|'.join(_PAPERS)}|{'iss' + 'ue'}s? #?\d+|{'house-' + 'moves'})\b")
_TEXT = (".py", ".md", ".conf", ".toml", ".cfg", ".yaml", ".yml", ".sh", ".mako", ".json", "")


def tracked() -> list[Path]:
    """Files that belong to the repository; in an exported tree without git, all that is not made by tools."""
    listed = subprocess.run(["git", "-C", HOME, "ls-files", "-z"], capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [HOME / name for name in listed.stdout.split("\0") if name and (HOME / name).is_file()]
    tools = re.compile(r"(^|/)(\.venv|var|__pycache__|\.[a-z]+_cache|[^/]+\.egg-info|\.git)(/|$)")
    return [path for path in HOME.rglob("*") if path.is_file() and not tools.search(str(path.relative_to(HOME)))]


def prose() -> dict[str, str]:
    """Texts that people read, by name: all but the licence, and the migrations, which stay as they were released."""
    files = {str(path.relative_to(HOME)): path for path in tracked() if path.suffix in _TEXT}
    return {name: path.read_text(encoding="utf-8", errors="replace") for name, path in files.items()
            if name != "LICENSE" and not name.startswith(_MIGRATIONS)}  # fmt: skip


def lines_with(pattern: re.Pattern[str], text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if pattern.search(line)]


def test_people_are_they() -> None:
    own = str(Path(__file__).relative_to(HOME))
    assert {name: lines for name, text in prose().items() if name != own and (lines := lines_with(_PERSON, text))} == {}


def test_nothing_is_cited_that_is_not_here() -> None:
    assert {name: lines for name, text in prose().items() if (lines := lines_with(_CITATION, text))} == {}


def test_no_file_speaks_of_one_machine_or_of_where_packages_come_from() -> None:
    places = ["/" + rest for rest in ("work/", "home/", "opt/pypi", "opt/wheels", "root/.")]
    hosts = [".".join(parts) for parts in (("deb", "debian", "org"), ("pypi", "org"), ("pythonhosted", "org"),
                                            ("ghcr", "io"), ("quay", "io"), ("snapshot", "debian"))]  # fmt: skip
    hits = []
    for path in tracked():
        text = path.read_text(encoding="utf-8", errors="replace")
        hits += [f"{path.relative_to(HOME)}: {word}" for word in (*places, *hosts, str(HOME) + "/") if word in text]
    assert hits == []


@pytest.mark.parametrize("line", ["the customer and his device", "Himself, he pays", "told to her"])
def test_a_planted_person_is_seen(line: str) -> None:
    assert lines_with(_PERSON, line) == [line]
    assert lines_with(_PERSON, "this, the, there, where, history, chime, others") == []


@pytest.mark.parametrize("paper", [f"({paper} 4)" for paper in _PAPERS] + ["iss" + "ue 12", "house-" + "moves.txt"])
def test_a_planted_citation_is_seen(paper: str) -> None:
    assert lines_with(_CITATION, f"# as {paper} says")
    assert lines_with(_CITATION, "the contract, the design, a house, money; RFC 5176") == []
