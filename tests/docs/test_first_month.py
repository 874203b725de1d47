"""docs/first-month.md, run from top to bottom: the month passes by a clock that is set forward from day to day."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from service.host.settings import HOME as CLONE
from service.testing import Installation, free_ports
from tests.support import wrong_clock
from tests.support.page import HOME, Section, Shell, sections
from tests.wire.system import System

PAGE = HOME / "docs" / "first-month.md"
#: The page with a tenth of its customers: what is printed → what is run.
TENTH = {"seq 1 1500": "seq 1 150", "-le 1200": "-le 120", "= 300 ]": "= 30 ]", "seq 1 100)": "seq 1 10)",
         "seq 1201 1250": "seq 121 125"}  # fmt: skip
_PARTS = ("postgres", "auth", "acct", "writer", "worker", "api")
#: What fails ends it, and files of the page stay out of the clone.
_PREAMBLE = f'set -e -o pipefail; make() {{ command make -s -C "{CLONE}" "$@"; }}'


def day_of(section: Section) -> int:
    number = re.match(r"Day (\d+):", section.title)
    assert number is not None, section.title
    return int(number.group(1))


def shell_in(directory: Path, variables: dict[str, str]) -> Shell:
    (directory / ".venv").symlink_to(os.environ.get("VENV") or CLONE / ".venv")
    passed = {name: os.environ[name] for name in ("PATH", "HOME", "VENV", "TMPDIR") if name in os.environ}
    return Shell(directory, passed | variables, _PREAMBLE)


def test_the_days_follow_each_other() -> None:
    days = [day_of(section) for section in sections(PAGE)]
    assert days == sorted(set(days)) and days[0] == 1 and days[-1] > 60


def test_the_first_day_up_to_the_first_login(system: System, tmp_path: Path) -> None:
    """With fifteen customers in place of 1,500, in the installation that runs for the tests."""
    installation = system.installation
    installation.start("api")
    settings, number = installation.settings, system.number()
    first = sections(PAGE)[0].blocks
    assert first[0].strip().endswith("make start") and first[-1].strip() == "make doctor"
    variables = {"STATE_DIR": str(settings.state_dir), "API_PORT": str(settings.api_port)}
    with shell_in(tmp_path, variables) as shell:
        said = ""
        for block in first[1:-1]:
            commands = block.replace("http://127.0.0.1:5000", settings.api_base).replace("seq 1 1500", "seq 1 15")
            said += shell.run(commands.replace("10.20.0.", f"10.98.{number % 250}."))
    assert "\n15\n" in said and "'Mikrotik-Rate-Limit': '5M/10M'" in said and "\naccept\n" in said, said
    assert len(list(tmp_path.glob("tower-?.rsc"))) == 4


@pytest.mark.long
@pytest.mark.parametrize("replaced", [TENTH, {}], ids=["a tenth of the customers", "as printed"])
def test_the_page_from_top_to_bottom(replaced: dict[str, str]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(printed in page for printed in replaced)
    with TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        ports = free_ports()
        variables = {"STATE_DIR": str(directory / "state"), "RADIUS_AUTH_PORT": str(ports[0]),
                     "RADIUS_ACCT_PORT": str(ports[1]), "API_PORT": str(ports[2])}  # fmt: skip
        with shell_in(directory, variables) as shell:
            try:
                last = _run_all(shell, directory, ports, replaced)
            finally:
                subprocess.run(["make", "-s", "-C", str(CLONE), "stop"], env=os.environ | variables, check=True)
        assert "rules hold" in last and "FAIL" not in last
        customers = int(TENTH["seq 1 1500"].split()[-1]) if replaced else 1500
        assert len((directory / "everybody.csv").read_text(encoding="utf-8").splitlines()) == 1 + customers
        assert (directory / "books.beancount").stat().st_size > 100 * customers


def _run_all(shell: Shell, directory: Path, ports: tuple[int, int, int], replaced: dict[str, str]) -> str:
    """What the last day said."""
    # On loopback, as every test; routers' addresses are names here, nobody sends from them.
    replaced = replaced | {"RADIUS_LISTEN=0.0.0.0 ": "", ":5000": f":{ports[2]}"}
    first, *later = sections(PAGE)
    said = _run(shell, first, replaced)
    shell.run("make stop")
    installation = Installation(directory / "state", *ports, DEMO="0")
    for section in later:
        ahead, logs = f"+{day_of(section) - 1}d", directory / section.title.partition(":")[0]
        with wrong_clock.all_running(installation, _PARTS, ahead, logs):
            said = _run(shell, section, replaced)
    return said


def _run(shell: Shell, section: Section, replaced: dict[str, str]) -> str:
    said = ""
    for block in section.blocks:
        commands = block
        for printed, meant in replaced.items():
            commands = commands.replace(printed, meant)
        said += shell.run(commands)
    return said
