"""One writer for each kind of row, and transactions that end in named places only."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.architecture.source import MIGRATIONS, Module, product, read_modules, within


class Rows(NamedTuple):
    """A kind of row: its table and class, and the modules that write it, each with its reason."""

    table: str
    model: str
    writers: dict[str, str]


_BOOKS = {"models.accounting.statements": "the statements that models.accounting.booking runs, and nobody else"}
_USAGE = {"models.accounting.usage_rows": "what sessions grew, as models.accounting.booking finds it"}
ONE_WRITER = (
    Rows("radacct", "Radacct", {
        **_BOOKS,
        "radius_module.writer.history.slices": "drops what no tenant keeps any longer",
        "radius_module.writer.history.erasure": "strikes out who asked for it",
    }),
    Rows("mails", "Mail", {
        "models.mail.queue": "what is to be sent",
        "models.mail.delivery": "which leaves next, and what became of it",
        "models.tenants.isps": "a tenant's removal takes its messages along",
        "radius_module.writer.history.erasure": "strikes out who asked for it",
    }),
    Rows("usage", "Usage", {**_USAGE, "models.subscriptions.usage_corrections": "what an operator corrects"}),
    Rows("usage_daily", "UsageDaily", {**_USAGE, "models.subscriptions.usage_corrections": "the same, by day"}),
    Rows("outbox", "Outbox", {
        "models.network.requests.events": "what a change asks of devices",
        "models.network.requests.fan_out": "an event's requests, one a session",
        "models.network.requests.sweeps": "sessions that must not go on",
        "models.network.requests.time_of_day": "sessions whose plan has other hours now",
        "models.network.requests.claims": "which request is whose",
        "models.network.requests.outcomes": "what became of it",
        "models.network.requests.last_rung": "what no packet got done, and was done through the router's own API",
        "models.accounting.statements": "crossed caps, in the statement that books the octets",
        "models.tenants.isps": "a tenant's removal takes its last requests along",
        "radius_module.writer.history.erasure": "strikes out who asked for it",
    }),
)  # fmt: skip
#: Where a transaction ends, with the reason; everybody else leaves that to the caller.
COMMITS = {
    "admin_api.web.answer": "a request that succeeded",
    "admin_api.access.login": "a wrong password counts although the request fails",
    "admin_api.access.proof": "the same, where a password or a code is asked for again",
    "admin_api.access.login_limit": "an attempt is counted before its password is compared",
    "admin_api.radius.routes": "a report is booked before the login process hears of it",
    "admin_api.customers.bulk": "a few customers of many, each done or refused by itself",
    "admin_api.devices.router_calls": "nothing is held while a router is waited for",
    "admin_api.devices.router_files": "a secret that is shown is in the audit log first",
    "admin_api.money.documents.files": "a document's file is kept when it is first asked for",
    "admin_api.money.commands": "renewals that are due, a customer at a time",
    "admin_api.operation.installation": "commands",
    "admin_api.operation.key_rotation": "row by row, while everything runs",
    "models.deadline": "passes a commit on to libpq, within its time",
    "models.schema": "DDL under a lock that outlives one transaction",
    "radius_module.enforce.worker": "a claim before anything leaves, and what became of it",
    "radius_module.enforce.duties.daily_proof": "turn, checkpoints, proof and what it found, each by itself",
    "radius_module.enforce.duties.mailing": "a claim before a message leaves, and what became of it",
    "radius_module.enforce.duties.invoice_runs": "a thousand customers' documents, each chunk whole or not at all",
    "radius_module.enforce.duties.renewals": "a customer's renewal, each whole or not at all",
    "radius_module.enforce.chores": "what time and others' changes ask for",
    "radius_module.enforce.router.last_rung": "a claim before a router is asked, and what came of it",
    "radius_module.enforce.router.reconcile": "ends of sessions that a router does not have",
    "radius_module.enforce.router.setup.configure": "what a router was set to, before it is changed",
    "radius_module.writer.cli": "commands",
    "radius_module.writer.history.retention": "one partition at a time",
    "radius_module.writer.history.slices": "a few thousand rows at a time",
    "radius_module.writer.history.erasure": "the same, of one customer",
    "radius_module.writer.set_aside": "a few rows that had waited for a lock",
    "radius_module.writer.writer": "a batch",
    "service.start.demo": "the demo tenant",
}


def names_written(tree: ast.Module) -> Iterator[str]:
    """Classes whose rows are made, inserted, updated or deleted; a loop over a tuple of them counts."""
    loops = {
        node.target.id: [each.id for each in node.iter.elts if isinstance(each, ast.Name)]
        for node in ast.walk(tree)
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name) and isinstance(node.iter, ast.Tuple)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            name = node.func.id
            if name in ("insert", "update", "delete"):
                arguments = [argument.id for argument in node.args if isinstance(argument, ast.Name)]
                yield from (each for argument in arguments for each in loops.get(argument, [argument]))
            yield name


def writes(module: Module, rows: Rows) -> bool:
    """By the model's class, or by a statement in any text of the module."""
    statement = re.compile(
        rf"\b(insert\s+into|update|delete\s+from|merge\s+into|truncate|copy)\s+(only\s+)?(public\.)?{rows.table}\b",
        re.I,
    )
    texts = (
        node.value for node in ast.walk(module.tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return rows.model in set(names_written(module.tree)) or any(statement.search(text) for text in texts)


def ends_transactions(module: Module) -> bool:
    """`….commit()`, or a `with ….begin():`, which commits at its end."""
    calls = (node.func for node in ast.walk(module.tree) if isinstance(node, ast.Call))
    return any(isinstance(call, ast.Attribute) and call.attr in ("commit", "begin") for call in calls)


def writers(modules: tuple[Module, ...], rows: Rows) -> set[str]:
    return {module.name for module in modules if not within(module.name, MIGRATIONS) and writes(module, rows)}


@pytest.mark.parametrize("rows", ONE_WRITER, ids=lambda rows: rows.table)
def test_rows_have_their_writers(rows: Rows) -> None:
    assert writers(product(), rows) == set(rows.writers)


def test_transactions_end_in_named_modules() -> None:
    assert {module.name for module in product() if ends_transactions(module)} == set(COMMITS)


@pytest.mark.parametrize("line", [
    "session.add({model}(isp_id=1))",
    "session.execute(insert({model}).values(isp_id=1))",
    "session.execute(delete({model}))",
    "for model in (Other, {model}):\n    session.execute(delete(model))",
    "connection.execute('update {table} set isp_id = 1')",
    "SQL = f'''\nDELETE FROM only {table} where {{x}}'''",
])  # fmt: skip
@pytest.mark.parametrize("rows", ONE_WRITER, ids=lambda rows: rows.table)
def test_a_planted_writer_is_seen(tmp_path: Path, rows: Rows, line: str) -> None:
    module = tmp_path / "models" / "customers" / "lifecycle.py"
    module.parent.mkdir(parents=True)
    module.write_text(line.format(model=rows.model, table=rows.table), encoding="utf-8")
    assert writers(read_modules(tmp_path), rows) == {"models.customers.lifecycle"}


@pytest.mark.parametrize(
    "line", ["session.commit()", "with engine.begin() as connection: ...", "self._connection.commit()"]
)
def test_a_planted_commit_is_seen(line: str) -> None:
    assert ends_transactions(Module("models.names", Path("models/names.py"), line))
    assert not ends_transactions(Module("models.names", Path("models/names.py"), "connection.begin_nested()"))
