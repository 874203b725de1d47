"""What the pages point at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from apiflask import APIFlask

from admin_api.application import BLUEPRINTS
from models import Base
from radius_module.replies.access_attributes import NOT_SET_UP
from radius_module.rules import ORDER

HOME = Path(__file__).resolve().parent.parent
PAGES = sorted([*HOME.glob("*.md"), *(HOME / "docs").rglob("*.md")])
_ROOTS = ("radius_module", "models", "admin_api", "service", "tests", "freeradius", "docs", "scripts", "docker")
_PATH = re.compile(rf"`((?:{'|'.join(_ROOTS)})/[^`\s…]*)`")
_LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")


def anchors(page: Path) -> set[str]:
    """Of the page's headings, as forges make them: lower case, words with hyphens between, the rest left out."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOME)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target, anchor in _LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        there = (page.parent / target).resolve() if target else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(f"{target}#{anchor}")
    assert broken == []


def links_of(page: Path) -> set[Path]:
    targets = (target for target, _anchor in _LINK.findall(page.read_text(encoding="utf-8")) if "://" not in target)
    return {(page.parent / target).resolve() for target in targets if target}


def test_the_first_page_links_every_page_of_the_docs() -> None:
    assert set((HOME / "docs").glob("*.md")) - links_of(HOME / "README.md") == set()


def test_every_other_file_of_the_docs_is_linked_from_some_page() -> None:
    linked = {target for page in PAGES for target in links_of(page)}
    files = {path for path in (HOME / "docs").rglob("*") if path.is_file()}
    assert files - linked - {HOME / "docs/decisions/README.md"} == set()


def test_the_first_page_keeps_a_readers_order() -> None:
    """What it is, two commands, a first customer, the picture, figures; and of the pages installation first."""
    text = (HOME / "README.md").read_text(encoding="utf-8")
    order = ["# Infora", "## Two commands", "## The first customer", "## The flow", "## Measured", "## Read on",
             "](docs/install.md)", "](docs/api.md)", "](docs/architecture.md)"]  # fmt: skip
    places = [text.rindex(part) if part.startswith("]") else text.index(part) for part in order]
    assert places == sorted(places)


def test_every_decision_is_in_the_index() -> None:
    folder = HOME / "docs" / "decisions"
    listed = {target for target, _anchor in _LINK.findall((folder / "README.md").read_text(encoding="utf-8"))}
    assert {page.name for page in folder.glob("[0-9]*.md")} == listed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOME)))
def test_files_that_a_page_names_are_there(page: Path) -> None:
    assert [path for path in _PATH.findall(page.read_text(encoding="utf-8")) if not (HOME / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOME)))
def test_tests_that_a_page_names_are_there(page: Path) -> None:
    named = re.findall(r"\b(?<!/)([a-z_]+(?:/[a-z_]+)*/test_[a-z_]+)", page.read_text(encoding="utf-8"))
    assert [name for name in named if not (HOME / "tests" / f"{name.removeprefix('tests/')}.py").exists()] == []


def finding_aid() -> list[tuple[list[str], list[str]]]:
    """Names and files of each line of the tables under "Where do I find" in docs/architecture.md."""
    tables = (HOME / "docs" / "architecture.md").read_text(encoding="utf-8").split("## Where do I find", 1)[1]
    rows = [line.split("|")[1:3] for line in tables.splitlines() if line.startswith("| ") and "`" in line]
    return [(re.findall(r"`([^`]+)`", names), _PATH.findall(files)) for names, files in rows]


@pytest.mark.parametrize(("names", "files"), finding_aid())
def test_a_name_is_written_in_the_file_that_the_finding_aid_gives(names: list[str], files: list[str]) -> None:
    texts = [(HOME / file).read_text(encoding="utf-8") for file in files]
    assert [name for name in names if not any(name in text for text in texts)] == []


def aided_names() -> set[str]:
    return {name for names, _files in finding_aid() for name in names}


def test_the_finding_aid_knows_every_table_and_every_refusal() -> None:
    codes = {rule.code for rule in ORDER} | {NOT_SET_UP.code}
    assert codes | set(Base.metadata.tables) <= aided_names()


def test_the_finding_aid_knows_every_endpoint() -> None:
    """A line holds a part of the address and names the file of its view."""
    app = APIFlask(__name__, spec_path=None, docs_path=None)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    unknown = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        file = app.view_functions[rule.endpoint].__module__.replace(".", "/") + ".py"
        lines = [names for names, files in finding_aid() if file in files]
        if not any(name in rule.rule for names in lines for name in names):
            unknown.append(f"{rule.rule} in {file}")
    assert unknown == []


def test_every_metric_is_documented_and_no_other() -> None:
    """Prometheus appends `_total` to a counter."""
    page = set(re.findall(r"`(infora_[a-z_]+)`", (HOME / "docs" / "metrics.md").read_text(encoding="utf-8")))
    sources = [path.read_text(encoding="utf-8") for path in (HOME / "admin_api").rglob("*metrics*.py")]
    names = {name for text in sources for name in re.findall(r'"(infora_[a-z_]+)"', text)}
    assert {name.removesuffix("_total") for name in page} == names
