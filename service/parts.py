"""The parts of an installation, and the command line of each. Adding a part is one line in PARTS."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from service.database import cluster
from service.errors import Refusal
from service.host import freeradius, layout
from service.host.account import Role
from service.host.settings import Settings


@dataclass(frozen=True)
class Part:
    """`entry`: the file of the repository that the part begins with.

    `runs_as`: the kind of account (service.host.account).
    `stop_signal` and `grace_seconds`: how it is asked to end, and after how long kill -9 ends it.
    `has_children`: whether a kill -9 leaves child processes behind.
    `niceness`: the priority when processors are scarce, as far as the starting account may set it.
    `sets_priorities`: whether it may lower those of other parts' processes.
    """

    name: str
    entry: str
    runs_as: Role
    stop_signal: str
    grace_seconds: int
    command: Callable[[Settings], Sequence[str]]
    has_children: bool = False
    niceness: int = 0
    sets_priorities: bool = False


def _postgres(settings: Settings) -> list[str]:
    return [str(cluster.binary(settings, "postgres")), "-D", str(cluster.data_directory(settings))]


def _radius(name: str, settings: Settings, *options: str) -> list[str]:
    freeradius.check_version()
    return [freeradius.PROGRAM, "-f", "-l", "stdout", "-d", str(settings.home / "freeradius"), *options, "-n", name]


def _auth(settings: Settings) -> list[str]:
    return _radius("auth", settings)


def _acct(settings: Settings) -> list[str]:
    return _radius("acct", settings, "-D", str(settings.home / "freeradius/accounting"))


def _writer(settings: Settings) -> list[str]:
    return [str(settings.venv / "bin/python"), "-m", "radius_module.writer"]


def _worker(settings: Settings) -> list[str]:
    return [str(settings.venv / "bin/python"), "-m", "radius_module.enforce"]


def _api(settings: Settings) -> list[str]:
    host = f"[{settings.api_host}]" if ":" in settings.api_host else settings.api_host
    return [str(settings.venv / "bin/python"), "-m", "gunicorn", "admin_api:create_app()",
            "--config", "python:admin_api.http_server",
            "--bind", f"{host}:{settings.api_port}", "--worker-class", "admin_api.web.http_worker.BufferingWorker",
            "--workers", "2", "--threads", "4",
            "--worker-tmp-dir", str(layout.api_directory(settings)), "--no-control-socket", "--graceful-timeout", "5",
            "--log-level", settings.log_level]  # fmt: skip


PARTS = (
    # INT is PostgreSQL's fast stop: TERM would wait for every client to leave.
    Part("postgres", "service/database/cluster.py", "database", "INT", 30, _postgres, has_children=True),
    # FreeRADIUS waits for ever on a hook that hangs; its spool makes kill -9 safe. Customers wait for logins and
    # routers for accounting, but nobody waits for the books.
    Part("auth", "radius_module/authorize.py", "radius", "TERM", 5, _auth, niceness=-5),
    Part("acct", "radius_module/accounting.py", "radius", "TERM", 5, _acct, niceness=-2),
    Part("writer", "radius_module/writer/__main__.py", "radius", "TERM", 8, _writer, sets_priorities=True),
    Part("worker", "radius_module/enforce/__main__.py", "radius", "TERM", 8, _worker),
    Part("api", "admin_api/__init__.py", "api", "TERM", 8, _api, has_children=True),
)


def by_name(name: str) -> Part:
    return next(part for part in PARTS if part.name == name)


def present(settings: Settings) -> list[Part]:
    """The parts that this installation runs: all of them, except PostgreSQL when DATABASE_URL names an outside one.

    Raises Refusal for a part whose code is missing: an installation that starts without its books or its database
    must not look complete.
    """
    running = [part for part in PARTS if not (part.name == "postgres" and settings.database_url is not None)]
    missing = [part for part in running if not Path(settings.home, part.entry).is_file()]
    if missing:
        files = ", ".join(f"{part.entry} ({part.name})" for part in missing)
        raise Refusal(f"These files of the installation are missing: {files}. Restore them from the repository.")
    return running


def place(part: Part, settings: Settings) -> str:
    """Where the part is reached, in words for the operator."""
    places = {
        "postgres": f"the socket in {layout.socket_directory(settings)}",
        "auth": f"UDP {settings.radius_listen} port {settings.radius_auth_port}",
        "acct": f"UDP {settings.radius_listen} port {settings.radius_acct_port}",
        "api": settings.api_base,
    }
    return places.get(part.name, "")
