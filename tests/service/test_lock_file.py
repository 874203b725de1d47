"""The lock files agree with setup.cfg and with what is installed; every file has its hash, and none an address."""

from __future__ import annotations

import configparser
import re
import sys
import tomllib
from importlib import metadata
from typing import NamedTuple

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from service.host.settings import HOME

PYTHONS = ("3.11", "3.13")
_PIN = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; (.+))? \\$")
#: Comes with the virtual environment, or is this project.
NOT_LOCKED = {"pip", "infora-wifi-billing"}


class Pin(NamedTuple):
    version: str
    marker: Marker | None
    hashes: int

    def is_for(self, python: str) -> bool:
        environment = default_environment() | {"python_version": python, "python_full_version": f"{python}.0"}
        return self.marker is None or self.marker.evaluate(environment)


def pins(kind: str) -> dict[str, list[Pin]]:
    locked: dict[str, list[Pin]] = {}
    for block in re.split(r"\n(?=\S)", (HOME / "requirements" / f"{kind}.lock").read_text(encoding="utf-8").strip()):
        first, *hashes = block.splitlines()
        match = _PIN.fullmatch(first)
        assert match, first
        assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in hashes), block
        marker = Marker(match.group(3)) if match.group(3) else None
        locked.setdefault(match.group(1), []).append(Pin(match.group(2), marker, len(hashes)))
    return locked


def wanted(kind: str) -> list[Requirement]:
    """What setup.cfg asks for, and pyproject.toml to build."""
    config = configparser.ConfigParser()
    config.read(HOME / "setup.cfg", encoding="utf-8")
    lines = config["options"]["install_requires"].splitlines()
    if kind == "test":
        lines += config["options.extras_require"]["test"].splitlines()
    build = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    return [Requirement(line) for line in (*lines, *build) if line.strip() and not line.startswith("#")]


def needed(kind: str) -> set[str]:
    """Everything that those lead to here, by what the installed packages say."""
    names: set[str] = set()
    waiting = [(requirement.name, frozenset(requirement.extras)) for requirement in wanted(kind)]
    done = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in done:
            continue
        done.add((name, extras))
        names.add(canonicalize_name(name))
        for requirement in map(Requirement, metadata.requires(name) or []):
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                waiting.append((requirement.name, frozenset(requirement.extras)))
    return names


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("kind", ["run", "test"])
def test_what_setup_cfg_asks_for_is_locked_in_a_version_that_it_allows(kind: str, python: str) -> None:
    locked = pins(kind)
    for requirement in wanted(kind):
        [pin] = [each for each in locked[canonicalize_name(requirement.name)] if each.is_for(python)]
        assert requirement.specifier.contains(pin.version, prereleases=True), f"{requirement}: run scripts/lock"


@pytest.mark.parametrize("kind", ["run", "test"])
def test_what_that_leads_to_is_locked_and_nothing_else(kind: str) -> None:
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    here = {name for name, each in pins(kind).items() if any(pin.is_for(python) for pin in each)}
    assert here - NOT_LOCKED == needed(kind) - NOT_LOCKED, "run scripts/lock"


@pytest.mark.parametrize("kind", ["run", "test"])
def test_every_file_has_its_hash_and_no_address_is_named(kind: str) -> None:
    assert all(pin.hashes for each in pins(kind).values() for pin in each)
    text = (HOME / "requirements" / f"{kind}.lock").read_text(encoding="utf-8")
    assert re.findall(r"://|^ *-(?!-hash)|@|\.whl|/", text, re.MULTILINE) == []


def test_what_is_installed_is_what_is_locked() -> None:
    installed = {canonicalize_name(package.metadata["Name"]): package.version for package in metadata.distributions()}
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    locked = {name: pin.version for name, each in pins("test").items() for pin in each if pin.is_for(python)}
    assert {name: installed.get(name) for name in locked} == locked


def test_both_files_have_the_same_versions() -> None:
    run, test = pins("run"), pins("test")
    assert {name: test.get(name) for name in run} == run
