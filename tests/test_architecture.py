"""What holds the code together (DESIGN 8): one direction of imports, short modules, one importer for foreign things."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

HOME = Path(__file__).resolve().parent.parent
PACKAGES = ("models", "radius_module", "admin_api", "service")
#: FreeRADIUS sections, each in the file of its name; FreeRADIUS calls them, nobody else.
HOOKS = ("authorize", "post_auth", "accounting", "clients")
HOOK_LINES, FUNCTION_LINES, MODULE_LINES = 15, 40, 250
#: DDL, written down once and never edited again.
MIGRATIONS = "models.migrations.versions"

#: package → what of ours it may import besides itself; the longest match counts.
ALLOWED: dict[str, tuple[str, ...]] = {
    "models": (),
    "radius_module.rules": ("radius_module.fast_tuple",),
    "radius_module": ("models",),
    # Until they are told what they need.
    "radius_module.login.ask": ("models", "admin_api.web"),
    "radius_module.login.from_database": ("models", "admin_api.web"),
    # The rules, the reply, the books' way in; what the packet path keeps in memory is loaded anew for `explain`.
    "admin_api": (
        "models", "radius_module.rules", "radius_module.replies.access_attributes", "radius_module.replies.attribute",
        "radius_module.login.passwords", "radius_module.packets.access_request", "radius_module.packets.wire_line",
        "radius_module.spool.background", "radius_module.spool.files", "radius_module.spool.codec",
        "radius_module.writer", "radius_module.directory.contents", "radius_module.directory.load",
        "radius_module.online.table", "radius_module.login.facts", "radius_module.login.ask", "radius_module.status",
        # The login process is asked; while it does not run the same is done here.
        "radius_module.login.from_database", "radius_module.ipc.question", "radius_module.ipc.feed",
        "radius_module.replies.outcome", "radius_module.login.reject_delay", "radius_module.spool.booked_counts",
        "radius_module.spool.record_kind",
    ),
    "service": ("models",),
}  # fmt: skip
#: foreign thing → the modules that may import it.
ONE_IMPORTER = {
    # Exists only inside FreeRADIUS.
    "radiusd": {"radius_module.rlm"},
    # Not thread-safe; the probe and the orders to routers.
    "pyrad": {"service.start.probe", "radius_module.enforce.coa"},
    # GPL-2.0-or-later, while this project is MIT.
    "librouteros": {"radius_module.enforce.routeros"},
}


class Module(NamedTuple):
    """One file of ours."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))

    @property
    def imports(self) -> set[str]:
        """Full names: `from a.b import c` is `a.b.c`."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.path} imports relatively"
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
        return found


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for path in sorted(path for package in PACKAGES for path in (HOME / package).rglob("*.py")):
        name = ".".join(path.relative_to(HOME).with_suffix("").parts).removesuffix(".__init__")
        found.append(Module(name, path, ast.parse(path.read_text(encoding="utf-8"))))
    return tuple(found)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def part_of(module: str) -> str:
    """The entry of ALLOWED that a module falls under."""
    return max((part for part in ALLOWED if within(module, part)), key=len)


def test_there_is_something_to_look_at() -> None:
    assert len(modules()) > 80
    assert {module.name.split(".")[0] for module in modules()} == set(PACKAGES)
    assert {f"radius_module.{hook}" for hook in HOOKS} <= {module.name for module in modules()}


def test_imports_point_one_way() -> None:
    wrong = []
    for module in modules():
        part = part_of(module.name)
        own = part if part == "radius_module.rules" else part.split(".")[0]
        for name in module.imports:
            is_ours = name.split(".")[0] in (*PACKAGES, "tests")
            if is_ours and not any(within(name, allowed) for allowed in (own, *ALLOWED[part])):
                wrong.append(f"{module.name} imports {name}")
    assert wrong == []


def test_the_rules_import_nothing_but_the_standard_library() -> None:
    foreign = {
        name
        for module in modules()
        if within(module.name, "radius_module.rules")
        for name in module.imports
        if not within(name, "radius_module.rules")
        and not within(name, "radius_module.fast_tuple")
        and name.split(".")[0] not in sys.stdlib_module_names
    }
    assert foreign == set()


@pytest.mark.parametrize("tool", ["time", "datetime", "logging", "random", "os", "threading"])
def test_the_rules_have_no_clock_no_log_and_no_world(tool: str) -> None:
    rules = [module for module in modules() if within(module.name, "radius_module.rules")]
    users = [module.name for module in rules if any(within(name, tool) for name in module.imports)]
    assert users == []


def test_models_know_neither_flask_nor_radius() -> None:
    foreign = ("flask", "apiflask", "pyrad", "radiusd", "librouteros")
    models = [module for module in modules() if within(module.name, "models")]
    wrong = [f"{module.name}: {name}" for module in models for name in module.imports if name.split(".")[0] in foreign]
    assert wrong == []


def test_nobody_imports_a_hook() -> None:
    hooks = [f"radius_module.{hook}" for hook in HOOKS]
    wrong = [f"{m.name}: {n}" for m in modules() for n in m.imports if any(within(n, hook) for hook in hooks)]
    assert wrong == []


@pytest.mark.parametrize("foreign", ONE_IMPORTER)
def test_a_foreign_thing_has_the_importers_that_are_meant_for_it(foreign: str) -> None:
    importers = {module.name for module in modules() if any(within(name, foreign) for name in module.imports)}
    assert importers <= ONE_IMPORTER[foreign]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_short(hook: str) -> None:
    found = next(module for module in modules() if module.name == f"radius_module.{hook}")
    assert [node.name for node in found.functions if length(node) > HOOK_LINES] == []
    assert any(node.decorator_list for node in found.functions), "each is guarded"


def test_every_hook_is_guarded() -> None:
    unguarded = [
        f"{hook}.{node.name}"
        for hook in HOOKS
        for module in modules()
        if module.name == f"radius_module.{hook}"
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and not any("guarded" in ast.dump(decorator) for decorator in node.decorator_list)
    ]
    assert unguarded == []


def test_modules_and_functions_are_short_enough_to_be_read_at_once() -> None:
    long = []
    for module in modules():
        if within(module.name, MIGRATIONS):
            continue
        lines = len(module.path.read_text(encoding="utf-8").splitlines())
        long += [f"{module.name}: {lines} lines"] if lines > MODULE_LINES else []
        too_long = [node for node in module.functions if length(node) > FUNCTION_LINES]
        long += [f"{module.name}.{node.name}: {length(node)}" for node in too_long]
    assert long == []


def test_no_module_is_called_by_a_name_that_says_nothing() -> None:
    empty = re.compile(r"(utils?|helpers?|misc|common_?utils|managers?)$")
    assert [m.name for m in modules() if empty.search(m.name)] == []
    classes = [node.name for m in modules() for node in ast.walk(m.tree) if isinstance(node, ast.ClassDef)]
    assert [name for name in classes if name.endswith(("Manager", "Helper"))] == []


def test_every_module_says_its_place() -> None:
    silent = [m.name for m in modules() if not ast.get_docstring(m.tree) and m.path.stat().st_size]
    assert [name for name in silent if not within(name, MIGRATIONS)] == []


def test_the_sites_hold_order_only() -> None:
    """Nothing is assigned or computed there."""
    for site in (HOME / "freeradius" / "sites").iterdir():
        statements = re.sub(r"#.*", "", site.read_text(encoding="utf-8"))
        assert not re.search(r"\bupdate\b|:=|\+=|%\{|\bswitch\b|\bforeach\b", statements), site.name


def tracked() -> list[Path]:
    """Files that belong to the repository; in an exported tree without git, all that is not made by tools."""
    listed = subprocess.run(["git", "-C", HOME, "ls-files", "-z"], capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [HOME / name for name in listed.stdout.split("\0") if name]
    made = re.compile(r"(^|/)(\.venv|var|__pycache__|\.[a-z]+_cache|[^/]+\.egg-info|\.git)(/|$)")
    return [path for path in HOME.rglob("*") if path.is_file() and not made.search(str(path.relative_to(HOME)))]


def test_no_file_speaks_of_one_machine_or_of_where_packages_come_from() -> None:
    # Written apart, so that this file does not hold them either.
    places = ["/" + rest for rest in ("work/", "home/", "opt/pypi", "opt/wheels", "root/.")]
    hosts = [".".join(parts) for parts in (("deb", "debian", "org"), ("pypi", "org"), ("pythonhosted", "org"),
                                            ("ghcr", "io"), ("quay", "io"), ("snapshot", "debian"))]  # fmt: skip
    found = []
    for path in tracked():
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(HOME)}: {word}" for word in (*places, *hosts, str(HOME) + "/") if word in text]
    assert found == []
