"""Rooms of a readable size: short modules, short functions, few files a folder, names that say something."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.architecture.import_table import HOOKS
from tests.architecture.source import HOME, MIGRATIONS, Module, product, read_modules, within

HOOK_LINES, FUNCTION_LINES, MODULE_LINES, TEST_LINES = 15, 40, 250, 300
FILES = 12
#: folder → how many files it may hold, with the reason; None: any number.
MORE_FILES: dict[str, tuple[int | None, str]] = {
    "models/tables": (22, "one table, or a few of one kind, a file"),
    "admin_api/web": (18, "everything that routes share stands there once"),
    "service": (14, "a command of its own for each of what `make` offers"),
    "models/migrations/versions": (None, "history only grows"),
}
_EMPTY_NAME = re.compile(r"(utils?|helpers?|misc|common_?utils|managers?)$")


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def too_long(modules: tuple[Module, ...]) -> list[str]:
    """Modules and functions that cannot be read at once."""
    long = []
    for module in modules:
        if within(module.name, MIGRATIONS):
            continue
        lines = len(module.text.splitlines())
        long += [f"{module.name}: {lines} lines"] if lines > MODULE_LINES else []
        long += [
            f"{module.name}.{node.name}: {length(node)}" for node in module.functions if length(node) > FUNCTION_LINES
        ]
    return long


def crowded(files: list[Path]) -> dict[str, int]:
    """Folders with more files than theirs may hold; paths are relative to the repository."""
    counts = Counter(str(file.parent) for file in files)
    limits = {folder: MORE_FILES.get(folder, (FILES, ""))[0] for folder in counts}
    return {
        folder: count for folder, count in counts.items() if (limit := limits[folder]) is not None and count > limit
    }


def empty_names(modules: tuple[Module, ...]) -> list[str]:
    """Modules and classes whose name says nothing."""
    classes = [
        f"{module.name}.{node.name}" for module in modules for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Manager", "Helper"))
    ]  # fmt: skip
    return [module.name for module in modules if _EMPTY_NAME.search(module.name)] + classes


def hook_modules() -> list[Module]:
    return [module for module in product() if module.name in {f"radius_module.{hook}" for hook in HOOKS}]


def test_modules_and_functions_are_short_enough_to_be_read_at_once() -> None:
    assert too_long(product()) == []


def test_no_folder_is_crowded() -> None:
    packages = {module.path.parts[0] for module in product()}
    files = [
        path.relative_to(HOME) for package in packages for path in (HOME / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]  # fmt: skip
    assert crowded(files) == {}


def test_test_files_are_short_enough_too() -> None:
    lengths = {str(path.relative_to(HOME)): len(path.read_text(encoding="utf-8").splitlines())
               for path in (HOME / "tests").rglob("*.py")}  # fmt: skip
    assert {name: lines for name, lines in lengths.items() if lines > TEST_LINES} == {}


def test_what_is_too_big_or_says_nothing_is_seen(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "long.py").write_text("x = 1\n" * (MODULE_LINES + 1), encoding="utf-8")
    (tmp_path / "models" / "wide.py").write_text("def f():\n" + "    x = 1\n" * FUNCTION_LINES, encoding="utf-8")
    (tmp_path / "models" / "utils.py").write_text("class KeyManager: ...\n", encoding="utf-8")
    modules = read_modules(tmp_path)
    assert too_long(modules) == ["models.long: 251 lines", "models.wide.f: 41"]
    assert empty_names(modules) == ["models.utils", "models.utils.KeyManager"]


@pytest.mark.parametrize(
    ("folder", "most"), [("models/secrets", 12), ("models/tables", 22), ("admin_api/web", 18), ("service", 14)]
)
def test_one_file_too_many_is_seen(folder: str, most: int) -> None:
    files = [Path(folder, f"{number}.py") for number in range(most + 1)]
    assert crowded(files) == {folder: most + 1}
    assert crowded(files[1:]) == {}


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_short(hook: str) -> None:
    module = next(module for module in hook_modules() if module.name == f"radius_module.{hook}")
    assert [node.name for node in module.functions if length(node) > HOOK_LINES] == []
    assert any(node.decorator_list for node in module.functions), "each is guarded"


def test_every_hook_is_guarded() -> None:
    unguarded = [
        f"{module.name}.{node.name}"
        for module in hook_modules()
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and not any("guarded" in ast.dump(decorator) for decorator in node.decorator_list)
    ]
    assert unguarded == []


def test_no_module_is_called_by_a_name_that_says_nothing() -> None:
    assert empty_names(product()) == []


def test_every_module_says_its_place() -> None:
    silent = [module.name for module in product() if not ast.get_docstring(module.tree) and module.text]
    assert [name for name in silent if not within(name, MIGRATIONS)] == []


def test_the_sites_hold_order_only() -> None:
    """Nothing is assigned or computed there."""
    for site in (HOME / "freeradius" / "sites").iterdir():
        statements = re.sub(r"#.*", "", site.read_text(encoding="utf-8"))
        assert not re.search(r"\bupdate\b|:=|\+=|%\{|\bswitch\b|\bforeach\b", statements), site.name
