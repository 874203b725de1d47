"""The table of imports holds for the product, and each of its lines refuses what it is there to refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.import_table import HOOKS, RULES
from tests.architecture.rule_kinds import Floors, Rule, violations
from tests.architecture.source import PACKAGES, product, read_modules

#: (file, line): each is refused by one rule or more, and each rule refuses at least one of them.
PLANTED: tuple[tuple[str, str], ...] = (
    ("models/names.py", "from radius_module.fast_tuple import maker"),
    ("radius_module/rules/quota.py", "import admin_api.settings"),
    ("radius_module/rules/quota.py", "import sqlalchemy"),
    ("radius_module/spool/store.py", "from service.host import settings"),
    ("admin_api/web/rows.py", "from service.parts import PARTS"),
    ("service/start/probe.py", "from radius_module.packets import wire_line"),
    ("radius_module/spool/codec.py", "from radius_module.online import table"),
    ("radius_module/spool/codec.py", "from ..packets import wire_line"),
    ("radius_module/online/table.py", "from ..directory.contents import Directory"),
    ("radius_module/writer/writer.py", "import radius_module.online.table"),
    ("radius_module/writer/__main__.py", "from radius_module import directory"),
    ("radius_module/enforce/coa.py", "from radius_module.spool.files import depth"),
    ("radius_module/auth/server.py", "from radius_module.acct import pipe"),
    ("radius_module/acct/server.py", "from ..auth.server import AuthServer"),
    ("radius_module/login/login.py", "from radius_module.auth.server import AuthServer"),
    ("radius_module/enforce/dispatch.py", "def late() -> None:\n    from radius_module.login import login"),
    ("radius_module/auth/server.py", "from radius_module import authorize"),
    ("models/tables/customers.py", "from models.audit_trail import record"),
    ("models/tables/customers.py", "from models.tables.isps import Isp"),
    ("models/radius/provisioning.py", "from models.tenants import isps"),
    ("models/secrets/keyring.py", "from models import Customer"),
    ("models/schema.py", "from .migrations import env"),
    ("models/accounting/booking.py", "from models.secrets import keyring"),
    ("radius_module/writer/writer.py", "from models.accounting import statements"),
    ("service/host/settings.py", "from service.database import roles"),
    ("admin_api/radius/routes.py", "from radius_module.login.from_database import device_at"),
    ("admin_api/customers/routes.py", "from admin_api.devices import routes"),
    ("admin_api/sessions/routes.py", "from ..reports import usage"),
    ("admin_api/web/errors.py", "from admin_api.access.authentication import caller"),
    ("radius_module/login/login.py", "import radiusd"),
    ("radius_module/login/login.py", "from pyrad.client import Client"),
    ("radius_module/enforce/coa.py", "import librouteros"),
    ("models/money/ledger.py", "import typst"),
    ("admin_api/money/reports.py", "from facturx import get_xml_from_pdf"),
    *(("models/names.py", f"import {foreign}") for foreign in ("flask", "apiflask", "pyrad", "radiusd", "librouteros")),
    *(("radius_module/rules/quota.py", f"import {tool}")
      for tool in ("time", "datetime", "logging", "random", "os", "threading")),
)  # fmt: skip


def refusing(tree: Path, file: str, line: str) -> set[Rule]:
    """The rules that refuse a tree of this one file."""
    path = tree / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line + "\n", encoding="utf-8")
    modules = read_modules(tree)
    return {rule for rule in RULES if violations(rule, modules)}


def test_there_is_something_to_look_at() -> None:
    names = {module.name for module in product()}
    assert len(names) > 80
    assert {name.split(".")[0] for name in names} == set(PACKAGES)
    assert {f"radius_module.{hook}" for hook in HOOKS} <= names


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_the_product_keeps_the_rule(rule: Rule) -> None:
    assert sorted(violations(rule, product())) == []


@pytest.mark.parametrize(("file", "line"), PLANTED)
def test_a_planted_import_is_refused(tmp_path: Path, file: str, line: str) -> None:
    assert refusing(tmp_path, file, line)


def test_every_rule_refuses_a_planted_import(tmp_path: Path) -> None:
    seen: set[Rule] = set()
    for number, (file, line) in enumerate(PLANTED):
        seen |= refusing(tmp_path / str(number), file, line)
    assert [rule for rule in RULES if rule not in seen] == []


def test_what_the_table_names_is_there() -> None:
    """A wing that was renamed would otherwise fall out of its floor unseen."""
    names = {module.name for module in product()}
    coming = {"radius_module.enforce", "radius_module.enforce.routeros", "models.money"}
    missing = []
    for rule in RULES:
        for named in _named(rule):
            if named not in names and named not in coming:
                missing.append(named)
    assert missing == []


def _named(rule: Rule) -> set[str]:
    """Full names of our modules and packages that a rule speaks of."""
    fields = rule._asdict()  # type: ignore[attr-defined]
    words = {fields[key] for key in ("who", "into", "package") if isinstance(fields.get(key), str)}
    for key in ("who", "whom", "may", "doors", "importers"):
        words |= set(fields[key]) if isinstance(fields.get(key), tuple) else set()
    if isinstance(rule, Floors):
        words |= {f"{rule.package}.{wing}" for floor in rule.floors for wing in floor.wings}
    return {word for word in words if word.split(".")[0] in PACKAGES}


def test_every_module_stands_on_a_floor() -> None:
    """A new wing is placed by hand, or refused."""
    homeless = []
    for rule in RULES:
        if isinstance(rule, Floors):
            wings = {wing for floor in rule.floors for wing in floor.wings}
            rooms = [module.name for module in product() if module.name.startswith(f"{rule.package}.")]
            homeless += [room for room in rooms if room.split(".")[1] not in wings]
    assert homeless == []
