"""What each part's user can read and reach, tried as that user; the table in docs/system-users.md is this test's."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from psycopg2.extensions import make_dsn

from service import parts
from service.database import urls
from service.host import layout, ownership
from service.host.account import SYSTEM_USERS
from service.host.settings import HOME, Settings
from service.s6 import services
from tests.service.conftest import Copy

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has users apart")

PAGE = HOME / "docs" / "system-users.md"
USERS = tuple(SYSTEM_USERS.values())

#: Runs as the user: (kind, target) → whether it may. The parts live where outsiders cannot look in.
PROBE = """
import json, os, socket, sys
import psycopg2

def read(path):
    (os.listdir if os.path.isdir(path) else lambda name: open(name, "rb").read(1))(path)

def write(path):
    assert os.access(path, os.W_OK)

def environment(pid):
    assert open(f"/proc/{pid}/environ", "rb").read(1)

def connect(path):
    kind = socket.SOCK_SEQPACKET if path.endswith("ask.sock") else socket.SOCK_STREAM
    with socket.socket(socket.AF_UNIX, kind) as link:
        link.settimeout(0.1)  # the login process hangs up on who asks nothing for a moment
        link.connect(path)
        try:
            assert link.recv(1) != b"", "the other end has hung up"
        except TimeoutError:
            pass

def database(dsn):
    psycopg2.connect(dsn).close()

def may(kind, target):
    try:
        globals()[kind](target)
        return True
    except (OSError, AssertionError, psycopg2.OperationalError):
        return False

print(json.dumps([may(*wanted) for wanted in json.load(sys.stdin)]))
"""


class Line(NamedTuple):
    """A line of the table: in words, and what is tried."""

    words: str
    kind: str
    target: Callable[[Settings], str]


def _in(*names: str) -> Callable[[Settings], str]:
    return lambda settings: str(settings.state_dir.joinpath(*names))


def _process(name: str) -> Callable[[Settings], str]:
    def pid(settings: Settings) -> str:
        state = services.state(settings, parts.by_name(name))
        assert state is not None and state.up
        return str(state.pid)

    return pid


def _role(name: str) -> Callable[[Settings], str]:
    database = "postgres" if name == urls.SUPERUSER else urls.PRIVATE_DATABASE
    return lambda settings: make_dsn(
        dbname=database, user=name, host=str(layout.socket_directory(settings)), connect_timeout=2
    )


LINES = (
    Line("read `secrets.env`", "read", _in("secrets.env")),
    Line("read `demo.json`", "read", _in("demo.json")),
    Line("read the database's files (`pg/`)", "read", _in("pg")),
    Line("read what is not booked yet (`spool/`)", "read", _in("spool")),
    Line("read the encrypted copy of the directory (`snapshot/`)", "read", _in("snapshot")),
    Line("read RADIUS' counts (`run/radius/auth.json`)", "read", _in("run", "radius", "auth.json")),
    Line("read the API's counts (`run/api/`)", "read", _in("run", "api")),
    Line("read a log (`log/api/current`)", "read", _in("log", "api", "current")),
    Line("change the code", "write", lambda settings: str(settings.home / "admin_api")),
    Line("change a run script (`s6/`)", "write", _in("s6", "api", "run")),
    Line("put something in the place of a socket (`run/`)", "write", _in("run")),
    Line("see PostgreSQL's environment: no secrets", "environment", _process("postgres")),
    Line("see the login process's environment: `CREDENTIAL_KEYS`, `RADIUS_SECRET`", "environment", _process("auth")),
    Line("see the writer's environment: no secrets", "environment", _process("writer")),
    Line("see the worker's environment: `CREDENTIAL_KEYS`", "environment", _process("worker")),
    Line("see the API's environment: `CREDENTIAL_KEYS`, `JWT_SECRET_KEY`, `METRICS_TOKEN`", "environment",
         _process("api")),
    Line("be PostgreSQL's superuser (`postgres`)", "database", _role(urls.SUPERUSER)),
    Line("own the schema (`infora`)", "database", _role("infora")),
    Line("see every tenant's rows (`infora_engine`)", "database", _role("infora_engine")),
    Line("see one tenant's rows a transaction (`infora_api`)", "database", _role("infora_api")),
    Line("ask the login process (`ask.sock`)", "connect", lambda s: str(layout.radius_sockets(s) / "ask.sock")),
    Line("report to the login process (`feed.sock`)", "connect", lambda s: str(layout.radius_sockets(s) / "feed.sock")),
    Line("have the worker ask a router (`worker.sock`)", "connect",
         lambda s: str(layout.radius_sockets(s) / "worker.sock")),
)  # fmt: skip


def tried_as(copy: Copy, user: str) -> list[bool]:
    """Each line, as that user, in the mount namespace of the parts."""
    wanted = [(line.kind, line.target(copy.settings)) for line in LINES]
    inside = ["nsenter", "--mount", "--target", _process("api")(copy.settings)]
    become = ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--init-groups"]
    done = subprocess.run(
        [*inside, *become, sys.executable, "-c", PROBE], input=json.dumps(wanted), capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers: list[bool] = json.loads(done.stdout)
    return answers


@pytest.fixture(scope="module")
def table(running: Copy) -> str:
    columns = [tried_as(running, user) for user in (*USERS, "nobody")]
    heads = (*(f"`{user}`" for user in USERS), "anybody else")
    lines = [f"| may | {' | '.join(heads)} |", "|---|" + "---|" * len(heads)]
    for line, *answers in zip(LINES, *columns, strict=True):
        lines.append(f"| {line.words} | {' | '.join('**yes**' if answer else 'no' for answer in answers)} |")
    return "\n".join(lines)


def test_the_page_says_what_each_user_can_read_and_reach(table: str) -> None:
    assert table in PAGE.read_text(encoding="utf-8"), f"{PAGE.name} says otherwise; what was tried:\n{table}"


def test_an_environment_holds_what_the_table_says(running: Copy) -> None:
    """The names in the lines above; every secret in an environment is named there."""
    secret = {"CREDENTIAL_KEYS", "RADIUS_SECRET", "JWT_SECRET_KEY", "METRICS_TOKEN", "ADMIN_PASSWORD"}
    named = {"postgres": set(), "auth": {"CREDENTIAL_KEYS", "RADIUS_SECRET"}, "writer": set(),
             "worker": {"CREDENTIAL_KEYS"}, "api": {"CREDENTIAL_KEYS", "JWT_SECRET_KEY"}}  # fmt: skip
    for part, names in named.items():
        octets = Path(f"/proc/{_process(part)(running.settings)}/environ").read_bytes()
        held = {pair.partition(b"=")[0].decode() for pair in octets.split(b"\0")}
        assert held & secret == names, part
        assert b"password" not in octets.lower() and b"//infora:" not in octets


@pytest.fixture
def of_an_earlier_release(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Copy]:
    """A stopped installation in which everything belongs to one user, sockets and reports in `run/`."""
    former, state = 65534, copy.settings.state_dir
    monkeypatch.setattr(ownership, "former_uid", lambda: former)
    for name in ("radius", "api", "db"):
        (state / "run" / name).rmdir() if not any((state / "run" / name).iterdir()) else None
    for name in ("auth.json", "feed.sock"):
        (state / "run" / name).touch()
    (state / "run" / "api-metrics").mkdir()
    for place in ("pg", "run", "spool", "snapshot"):
        subprocess.run(["chown", "-R", f"{former}:{former}", state / place], check=True)
        (state / place).chmod(0o700)
    yield copy


def owners(path: Path) -> set[int]:
    return {entry.lstat().st_uid for entry in (path, *path.rglob("*"))}


def test_an_upgrade_hands_over_what_the_one_user_had(of_an_earlier_release: Copy) -> None:
    settings = of_an_earlier_release.settings
    outside = settings.state_dir.parent / "elsewhere"
    outside.write_text("")
    (settings.state_dir / "spool" / "trap").symlink_to(outside)
    os.link(outside, settings.state_dir / "spool" / "second name")

    layout.prepare(settings)

    state, accounts = settings.state_dir, settings.accounts
    assert owners(state / "pg") == {accounts.database.uid}
    assert owners(state / "snapshot") == {accounts.radius.uid}
    assert outside.stat().st_uid == 0
    assert (state / "spool" / "second name").stat().st_uid == 0, "it has a name elsewhere, too"
    (state / "spool" / "second name").unlink()
    assert owners(state / "spool") == {accounts.radius.uid}
    assert (state / "run").stat().st_uid == 0
    assert {path.name for path in (state / "run").iterdir()} == {"db", "radius", "api"}
    started = of_an_earlier_release.call("start")
    assert started.returncode == 0, started.stdout


def test_what_belongs_to_somebody_else_is_refused(copy: Copy) -> None:
    os.chown(copy.settings.state_dir / "spool", 65534, 65534)
    done = copy.call("start")
    assert done.returncode == 2
    assert "spool belongs to somebody else" in done.stdout


def test_somebody_other_than_root_runs_everything_as_themselves_and_is_told_so(stopped: Path) -> None:
    program = ("from service.host.settings import from_environment as f; s = f({}); a = s.accounts;"
               "print(len({account.name for account in a.each()}), a.are_apart, a.notice)")  # fmt: skip
    done = subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", sys.executable, "-c",
                           program], cwd=HOME, capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.startswith("1 False every part runs as nobody, so that the API could read")
