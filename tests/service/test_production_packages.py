"""What is installed to run: everything that the product imports, nothing of the tests, and listed with licences."""

from __future__ import annotations

import json
import runpy
import sys
from importlib import metadata
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from service.host.settings import HOME
from tests.architecture.source import is_ours, product

#: Exists only inside FreeRADIUS; types that are not there at run time.
NOT_INSTALLED = {"radiusd", "_typeshed"}


@pytest.fixture(scope="module")
def sbom() -> dict[str, Any]:
    return runpy.run_path(str(HOME / "scripts" / "sbom"))


def test_the_product_imports_what_is_installed_to_run(sbom: dict[str, Any]) -> None:
    installed = {name for name, _ in sbom["needed"]("infora-wifi-billing").items()}
    providers = metadata.packages_distributions()
    missing = set()
    for module in product():
        for name in {full.split(".")[0] for full in module.imports} - set(sys.stdlib_module_names) - NOT_INSTALLED:
            if not is_ours(name) and not {canonicalize_name(each) for each in providers.get(name, [])} & installed:
                missing.add(f"{module.name} imports {name}")
    assert missing == set()


def test_nothing_of_the_tests_is_needed_to_run(sbom: dict[str, Any]) -> None:
    installed = set(sbom["needed"]("infora-wifi-billing"))
    assert installed & {"pytest", "hypothesis", "schemathesis", "ruff", "mypy", "saxonche", "beancount"} == set()
    assert {"flask", "sqlalchemy", "email-validator"} <= installed


def test_the_bill_of_materials_is_cyclonedx(sbom: dict[str, Any]) -> None:
    document = sbom["document"]()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document)) is None
    components = {each["name"]: each for each in document["components"]}
    assert components["flask"]["version"] == metadata.version("flask")
    assert components["flask"]["purl"] == f"pkg:pypi/flask@{metadata.version('flask')}"
    assert components["librouteros"]["licenses"] == [{"license": {"name": "GPL-2.0-or-later"}}]
    assert "freeradius" in components
    unknown = [name for name, each in components.items() if each["type"] == "library"
               and each["licenses"][0]["license"]["name"] == "NOASSERTION"]  # fmt: skip
    assert unknown == []
