"""The kinds of lines that the table of imports is written in; each judges one import of one module."""

from __future__ import annotations

import sys
from typing import NamedTuple, Protocol

from tests.architecture.source import Module, is_ours, within


class Rule(Protocol):
    """`refuses` is about a single import; `name` is what the module imports, as a full name."""

    def refuses(self, module: str, name: str) -> bool: ...


def any_within(name: str, packages: tuple[str, ...]) -> bool:
    return any(within(name, package) for package in packages)


class Floor(NamedTuple):
    """Wings that may import what lies below them, and nothing beside or above."""

    wings: tuple[str, ...]
    reason: str


class Floors(NamedTuple):
    """A package as floors, the lowest first; `root` is that of its own names (`from models import Customer`)."""

    package: str
    floors: tuple[Floor, ...]
    root: int | None = None
    #: (who, whom, reason) between wings of one floor.
    beside: tuple[tuple[str, str, str], ...] = ()

    def _place(self, name: str) -> tuple[int | None, str]:
        for level, floor in enumerate(self.floors):
            for wing in floor.wings:
                if within(name, f"{self.package}.{wing}"):
                    return level, wing
        return self.root, ""

    def refuses(self, module: str, name: str) -> bool:
        if not within(name, self.package) or module == self.package or not within(module, self.package):
            return False
        (from_level, from_wing), (to_level, to_wing) = self._place(module), self._place(name)
        if from_level is None or to_level is None:
            return True
        if from_level == to_level:
            return from_wing != to_wing and not any((from_wing, to_wing) == (who, whom) for who, whom, _ in self.beside)
        return to_level > from_level


class Only(NamedTuple):
    """Of what is ours, `who` imports itself and `may`; without `foreign` only the standard library besides."""

    who: str
    may: tuple[str, ...]
    reason: str
    foreign: bool = True

    def refuses(self, module: str, name: str) -> bool:
        if not within(module, self.who) or any_within(name, (self.who, *self.may)):
            return False
        return is_ours(name) or not (self.foreign or name.split(".")[0] in sys.stdlib_module_names)


class Never(NamedTuple):
    """`who` does not import `whom`."""

    who: tuple[str, ...]
    whom: tuple[str, ...]
    reason: str

    def refuses(self, module: str, name: str) -> bool:
        return (
            any_within(module, self.who)
            and any_within(name, self.whom)
            and not any(within(module, whom) and within(name, whom) for whom in self.whom)
        )


class Doors(NamedTuple):
    """From outside, `into` is entered by `doors` alone; `who` limits whom this is said to."""

    into: str
    doors: tuple[str, ...]
    reason: str
    who: str = ""

    def refuses(self, module: str, name: str) -> bool:
        if within(module, self.into) or (self.who and not within(module, self.who)):
            return False
        return within(name, self.into) and not any_within(name, self.doors)


class Wings(NamedTuple):
    """Wings of a package do not import each other but for `arrows`; `shared` parts and `hall`s stand outside of it."""

    package: str
    shared: tuple[str, ...]
    hall: tuple[str, ...]
    arrows: tuple[tuple[str, str, str], ...]
    reason: str

    def refuses(self, module: str, name: str) -> bool:
        if not (within(module, self.package) and within(name, self.package)):
            return False
        who, whom = (self._wing(each) for each in (module, name))
        if who == whom or who in self.hall or not who or any_within(name.removeprefix(self.package + "."), self.shared):
            return False
        return not any((who, whom) == (near, far) for near, far, _ in self.arrows)

    def _wing(self, name: str) -> str:
        return name.removeprefix(self.package).lstrip(".").split(".")[0]


class Siblings(NamedTuple):
    """Modules of one package that import of each other only what is `common`."""

    package: str
    common: tuple[str, ...]
    reason: str

    def refuses(self, module: str, name: str) -> bool:
        if module == self.package or not (within(module, self.package) and within(name, self.package)):
            return False
        return not any_within(name, (module, *(f"{self.package}.{each}" for each in self.common)))


class Importers(NamedTuple):
    """Something, ours or foreign, that only these modules import."""

    thing: str
    importers: tuple[str, ...]
    reason: str

    def refuses(self, module: str, name: str) -> bool:
        return within(name, self.thing) and not any_within(module, self.importers)


def violations(rule: Rule, modules: tuple[Module, ...]) -> set[tuple[str, str]]:
    """(module, what it imports) of every import that the rule refuses."""
    return {(module.name, name) for module in modules for name in module.imports if rule.refuses(module.name, name)}
