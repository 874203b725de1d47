"""The product's modules as syntax trees: what each one imports and holds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

HOME = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("models", "radius_module", "admin_api", "service")
#: DDL, written down once and never edited again.
MIGRATIONS = "models.migrations.versions"


class Module(NamedTuple):
    """One file of the product; `path` is relative to the repository."""

    name: str
    path: Path
    text: str

    @property
    def tree(self) -> ast.Module:
        return _parsed(self.text)

    @property
    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))

    @property
    def imports(self) -> frozenset[str]:
        return _imports(self)


@cache
def _imports(module: Module) -> frozenset[str]:
    """Full names, relative ones resolved: `from a.b import c` is `a.b.c`; in `a.b.d` so is `from . import c`."""
    names: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{_origin(module, node)}.{alias.name}" for alias in node.names}
    return frozenset(names)


def _origin(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module.name.split(".")
    steps = node.level - 1 if module.path.name == "__init__.py" else node.level
    return ".".join([*package[: len(package) - steps], *filter(None, [node.module])])


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def read_modules(home: Path) -> tuple[Module, ...]:
    """Every module of the product in a tree of files."""
    modules = []
    for path in sorted(path for package in PACKAGES for path in (home / package).rglob("*.py")):
        relative = path.relative_to(home)
        name = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
        modules.append(Module(name, relative, path.read_text(encoding="utf-8")))
    return tuple(modules)


@cache
def product() -> tuple[Module, ...]:
    return read_modules(HOME)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def is_ours(name: str) -> bool:
    return name.split(".")[0] in (*PACKAGES, "tests")
