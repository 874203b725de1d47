"""From settings to a system that answers: the steps that `make run`, `make start` and the tests share."""

import os
import subprocess

from service import parts
from service.database import cluster, roles
from service.host import freeradius, layout, ports
from service.host.secret_file import Secrets, load_or_create
from service.host.settings import Settings
from service.parts import Part
from service.progress import Progress
from service.s6 import supervisor, tree
from service.start import readiness, reports, schema, waiting
from service.systemd import state

_READY = "schema-ready"


class BringUp:
    """One start. `tree` is the supervisor's process once it runs."""

    def __init__(self, settings: Settings, progress: Progress, *, with_parent: bool) -> None:
        self.settings = settings
        self.progress = progress
        self.with_parent = with_parent
        self.tree: subprocess.Popen[bytes] | None = None

    def run(self) -> Secrets:
        """All steps. Raises Refusal with the reason; the caller then ends what was started."""
        present = parts.present(self.settings)
        secrets = self._check()
        # Later starts begin with everything at once: RADIUS serves from its snapshot while the
        # database still recovers. At the first start there is no table yet to read.
        marker = self.settings.state_dir / _READY
        self._launch(present if marker.exists() else [part for part in present if part.name == "postgres"])
        self._database(secrets, present)
        if not marker.exists():
            tree.write(self.settings, present)
            supervisor.rescan(self.settings)
            marker.touch()
        for part in present:
            if part.name != "postgres":
                self._wait(part, secrets)
        return secrets

    def _check(self) -> Secrets:
        state.refuse_if_running(self.settings)
        supervisor.refuse_if_running(self.settings)
        version = ".".join(map(str, freeradius.check_version()))
        self.progress.step(f"FreeRADIUS {version}")
        if notice := self.settings.accounts.notice:
            self.progress.step(f"notice: {notice}")
        if self.settings.database_url is None:
            cluster.binary(self.settings, "postgres")
        ports.refuse_if_taken(self.settings)
        layout.prepare(self.settings)
        return load_or_create(self.settings.state_dir, os.environ)

    def _launch(self, first: list[Part]) -> None:
        tree.write(self.settings, first)
        self.tree = supervisor.launch(self.settings, with_parent=self.with_parent)
        supervisor.wait_launched(self.settings, self.tree)
        self.progress.step(f"supervisor (process {self.tree.pid}, state and logs in {self.settings.state_dir})")

    def _database(self, secrets: Secrets, present: list[Part]) -> None:
        for part in present:
            if part.name == "postgres":
                self._wait(part, secrets)
        roles.ensure(self.settings, secrets)
        schema.upgrade(self.settings, secrets)
        self.progress.step("database: roles, schema, first administrator")
        if self.settings.demo:
            from service.start import demo

            demo.ensure(self.settings, secrets)
            self.progress.step(f"demo tenant, described in {self.settings.state_dir / demo.FILE}")

    def _wait(self, part: Part, secrets: Secrets) -> None:
        """Until it answers and reports no trouble, so that `make status` finds all in order after a start."""
        waiting.until(self.settings, part, lambda: readiness.answers(part, self.settings, secrets)
                      if reports.is_in_order(self.settings, part.name) else None,
                      waiting.patience(part))  # fmt: skip
        self.progress.step(f"{part.name} answers{_on(parts.place(part, self.settings))}")


def _on(place: str) -> str:
    return f" on {place}" if place else ""
