"""A complete installation for one test run: temporary STATE_DIR, its own ports, real parts, removed afterwards.

with Installation(state_dir, 21812, 21813, 25000) as installation:
    installation.start_postgres()
    engine = create_engine(normalise_url(installation.urls.owner))
"""

import os
import socket
import subprocess
from pathlib import Path
from types import TracebackType

from service import part_environment, parts
from service.database import roles, urls
from service.database.urls import DatabaseUrls
from service.host import layout
from service.host.secret_file import Secrets, load_or_create
from service.host.settings import Settings, from_environment
from service.s6 import supervisor, tree
from service.start import demo, readiness, schema, waiting


def free_ports() -> tuple[int, int, int]:
    """Ports for authentication, accounting and API that are free at this moment."""
    kinds = (socket.SOCK_DGRAM, socket.SOCK_DGRAM, socket.SOCK_STREAM)
    sockets = [socket.socket(socket.AF_INET, kind) for kind in kinds]
    for bound in sockets:
        bound.bind(("127.0.0.1", 0))
    auth, acct, api = (int(bound.getsockname()[1]) for bound in sockets)
    for bound in sockets:
        bound.close()
    return auth, acct, api


class Installation:
    """Parts are started one by one; each call returns when the part answers.

    `urls`: owner, engine, api. `environment(part)`: the environment the part is started with.
    Other settings are keywords: Installation(…, RADIUS_SECRET="…").
    """

    def __init__(self, state_dir: Path, auth_port: int, acct_port: int, api_port: int, **variables: str) -> None:
        self._variables = variables | {
            "STATE_DIR": str(state_dir),
            "RADIUS_AUTH_PORT": str(auth_port),
            "RADIUS_ACCT_PORT": str(acct_port),
            "API_PORT": str(api_port),
        }
        inherited = {name: value for name in ("VENV",) if (value := os.environ.get(name))}
        self.settings: Settings = from_environment(inherited | self._variables)
        layout.prepare(self.settings)
        self.secrets: Secrets = load_or_create(self.settings.state_dir, self._variables)
        self.urls: DatabaseUrls = urls.of(self.settings, self.secrets)
        self.demo: demo.Description = {}
        self._started: list[parts.Part] = []
        self._tree: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Installation":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start_postgres(self) -> None:
        """The private cluster (or what DATABASE_URL names) with the three roles and an empty database."""
        if self.settings.database_url is None:
            self.start("postgres")
        roles.ensure(self.settings, self.secrets)

    def start_all(self, *names: str) -> demo.Description:
        """PostgreSQL, schema, administrator and demo tenant, then the named parts; demo.json's content."""
        self.start_postgres()
        schema.upgrade(self.settings, self.secrets)
        self.demo = demo.ensure(self.settings, self.secrets)
        for name in names:
            self.start(name)
        return self.demo

    def start_radius(self) -> None:
        """Both FreeRADIUS processes and the writer; the caller or start_all provides schema and tenants."""
        for name in ("auth", "acct", "writer"):
            self.start(name)

    def start(self, name: str) -> None:
        """Start one part and wait until it answers."""
        part = parts.by_name(name)
        self._started.append(part)
        tree.write(self.settings, self._started)
        if self._tree is None:
            self._tree = supervisor.launch(self.settings, with_parent=True, variables=self._variables)
            supervisor.wait_launched(self.settings, self._tree)
        else:
            supervisor.rescan(self.settings)
        waiting.until(self.settings, part, lambda: readiness.answers(part, self.settings, self.secrets), 60)

    def stop(self) -> None:
        """Stop everything; the data stays, so that a test may start a second Installation on it."""
        supervisor.stop(self.settings)
        if self._tree is not None:
            self._tree.wait(timeout=30)
            self._tree = None
        self._started = []

    def environment(self, part: str) -> dict[str, str]:
        return part_environment.of_part(part, self.settings, self.secrets)

    def owner_environment(self) -> dict[str, str]:
        return part_environment.of_owner(self.settings, self.secrets)

    def log(self, part: str) -> str:
        """The part's current log file."""
        path = self.settings.state_dir / "log" / part / "current"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
