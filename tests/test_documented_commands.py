"""What the pages tell to type is there: targets of make, commands of flask and of the service, settings, addresses.

tests/fault/test_documented_commands.py runs the commands themselves.
"""

from __future__ import annotations

import re
from functools import cache

import pytest
from apiflask import APIFlask
from click.testing import CliRunner
from flask.cli import ScriptInfo

from admin_api.application import BLUEPRINTS
from admin_api.operation import cli
from service.__main__ import main
from tests.support.documented import HOME, PAGES, Block, blocks, commands

ALL = [block for page in PAGES for block in blocks(page)]
#: What is written into pages beside blocks, too: `make backup TO=…`.
TEXT = {page.name: page.read_text(encoding="utf-8") for page in PAGES}


@cache
def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (HOME / "Makefile").read_text(encoding="utf-8"), re.M))


@cache
def flask_commands() -> set[str]:
    app = APIFlask(__name__, spec_path=None, docs_path=None)
    cli.register(app)
    listed = CliRunner().invoke(app.cli, ["--help"], obj=ScriptInfo(create_app=lambda: app)).output
    money = re.findall(
        r'click\.command\("([a-z-]+)"', (HOME / "admin_api/money/commands.py").read_text(encoding="utf-8")
    )
    return set(re.findall(r"^  ([a-z-]+) ", listed, re.M)) | set(money)


@cache
def addresses() -> list[re.Pattern[str]]:
    app = APIFlask(__name__, spec_path=None, docs_path=None)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    rules = (re.sub(r"<[^>]+>", "\0", rule.rule) for rule in app.url_map.iter_rules())
    return [re.compile(re.escape(rule).replace("\0", "[^/?]+").replace("\\\0", "[^/?]+") + r"/?$") for rule in rules]


def test_there_are_pages_with_commands() -> None:
    assert len([block for block in ALL if block.reason is None]) >= 10


@pytest.mark.parametrize("page", TEXT, ids=str)
def test_make_has_the_targets_that_are_named(page: str) -> None:
    named = re.findall(r"(?:^|`|&& )(?:[A-Z_]+=\S+ )*make ([a-z-]+)", TEXT[page], re.M)
    assert [target for target in named if target not in targets()] == []


@pytest.mark.parametrize("page", TEXT, ids=str)
def test_the_command_line_has_the_commands_that_are_named(page: str) -> None:
    named = re.findall(r"flask --app admin_api ([a-z][a-z-]*)", TEXT[page])
    assert [name for name in named if name not in flask_commands()] == []


@pytest.mark.parametrize("page", TEXT, ids=str)
def test_the_service_has_the_commands_that_are_named(page: str) -> None:
    source = (HOME / "service/__main__.py").read_text(encoding="utf-8")
    named = re.findall(r"python -m service ([a-z_]+)", TEXT[page])
    assert [name for name in named if f'"{name}"' not in source] == []


@pytest.mark.parametrize("block", ALL, ids=lambda block: f"{block.page}:{block.line}")
def test_addresses_of_the_api_are_there(block: Block) -> None:
    called = re.findall(r"(?:http://127\.0\.0\.1:5000|\$API)(/[^\s\"'?]*)", block.text)
    assert [path for path in called if not any(rule.match(path) for rule in addresses())] == []


@pytest.mark.parametrize("block", [block for block in ALL if block.reason is not None],
                         ids=lambda block: f"{block.page}:{block.line}")  # fmt: skip
def test_what_is_not_run_has_a_reason(block: Block) -> None:
    assert len(block.reason or "") > 10


def test_continued_lines_and_comments_are_read_as_a_shell_does() -> None:
    text = "# first\nmake run   # and wait\ncurl a \\\n  -d b\n"
    assert commands(text) == ["make run", "curl a -d b"]


def test_an_unknown_command_is_refused_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nonsense"]) == 2
    assert "upgrade|backup|restore" in capsys.readouterr().err
