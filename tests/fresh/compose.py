"""docker-compose.yml, taken at its word without an engine: each service's command behind the walls that it says."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from tests.fresh.accounts import Accounts
from tests.fresh.folder import HOME, Folder
from tests.fresh.walls import Walls, run, start

#: What Docker gives to every container of our image, by docker/Dockerfile's ENV.
_IMAGE = {
    "STATE_DIR": "/var/lib/infora",
    "PATH": "/opt/infora/docker/bin:/opt/infora/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "LANG": "C.UTF-8",
}


def configured() -> dict[str, Any]:
    """The services as Debian's docker-compose reads them, with the defaults of every variable."""
    command = ["docker-compose", "-f", HOME / "docker-compose.yml", "config"]
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/", env=environment)
    services: dict[str, Any] = yaml.safe_load(done.stdout)["services"]
    return services


class Containers:
    """Volumes are directories beside the folder; new ones begin as the image has the place, as Docker does it."""

    def __init__(self, folder: Folder, logs: Path) -> None:
        self.folder, self.logs = folder, logs
        self.services = configured()
        self.volumes = folder.root.with_name(f"{folder.root.name}-volumes")
        shutil.rmtree(self.volumes, ignore_errors=True)
        self.volumes.mkdir()

    def command(self, name: str, *command: str) -> str:
        """`docker-compose exec NAME …`, or `run`: to its end, which must be a good one."""
        code, output = run(self._walls(name), command or self.services[name]["command"], self.logs / f"{name}.log")
        if code != 0:
            raise SystemExit(f"{name}: {' '.join(command) or 'its command'} ended with {code}:\n{output[-3000:]}")
        return output

    def start(self, name: str) -> subprocess.Popen[bytes]:
        return start(self._walls(name), self.services[name]["command"], self.logs / f"{name}.log")

    def is_well(self, name: str) -> bool:
        """By its own health check."""
        test = self.services[name]["healthcheck"]["test"]
        return run(self._walls(name, inside=True), test[1:], self.logs / f"{name}.health.log")[0] == 0

    def _walls(self, name: str, *, inside: bool = False) -> Walls:
        service = self.services[name]
        accounts = Accounts(self.folder.root)
        user = accounts.user(service["user"])
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        extra = [accounts.group(str(group)) for group in service.get("group_add", [])]
        mounts = [self._mount(text) for text in service["volumes"]]
        return Walls(
            root=self.folder.root, user=user.number, group=user.group, groups=[*accounts.groups_of(user), *extra],
            writable=[(source, target) for source, target, read_only in mounts if not read_only]
            + [self._memory(name, text) for text in service["tmpfs"]],
            shown=[(source, target) for source, target, read_only in mounts if read_only],
            network=service.get("network_mode") != "none",
            environment=_IMAGE | {key: str(value) for key, value in service.get("environment", {}).items()},
            directory="/opt/infora",
        )  # fmt: skip

    def _memory(self, name: str, text: str) -> tuple[Path, str]:
        """A tmpfs of the container's own, which its health check sees as well: so it is mounted outside, once."""
        target, _, options = text.partition(":")
        place = self.volumes / f"{name}{target.replace('/', '-')}"
        if not place.exists():
            place.mkdir()
            words = [word for word in options.split(",") if word]
            flags = "rw,nosuid,nodev" + ("" if "exec" in words else ",noexec")
            own = ",".join([flags, *(word for word in words if word != "exec")])
            subprocess.run(["mount", "-t", "tmpfs", "-o", own, "tmpfs", place], check=True)
        return place, target

    def _mount(self, volume: str) -> tuple[Path, str, bool]:
        source, target, *mode = volume.split(":")
        place, image = self.volumes / source, self.folder.inside(target)
        if not place.exists():
            if image.is_dir():
                subprocess.run(["cp", "-a", image, place], check=True)
            else:
                place.mkdir()
        image.mkdir(parents=True, exist_ok=True)
        return place, "/" + str(image.relative_to(self.folder.root)), mode == ["ro"]


class StockPostgres:
    """What PostgreSQL's image does when it starts, by Debian's binaries: a cluster made once, then the server."""

    def __init__(self, containers: Containers) -> None:
        self._containers, self._root = containers, containers.folder.root
        self._binaries = "/" + str(next(self._root.glob("usr/lib/postgresql/*/bin")).relative_to(self._root))

    def prepare(self) -> None:
        service = self._containers.services["postgres"]
        environment = service["environment"]
        users = self._root / "etc/passwd"
        if ":x:999:" not in users.read_text():  # initdb wants its user to have a name
            users.write_text(users.read_text() + "of-the-image:x:999:999::/:/usr/sbin/nologin\n")
        self._own("database", 0o700)
        self._own("database_socket", 0o3777)
        data = "/var/lib/postgresql/data"
        # fmt: off
        script = (f"export PATH={self._binaries}:$PATH; test -s {data}/PG_VERSION && exit 0; set -e; umask 077; "
                  f"initdb -D {data} --username={environment['POSTGRES_USER']} "
                  f"--pwfile={environment['POSTGRES_PASSWORD_FILE']} {environment['POSTGRES_INITDB_ARGS']}; "
                  f"echo 'create database {environment['POSTGRES_DB']};' | postgres --single -D {data} postgres")
        # fmt: on
        self._containers.command("postgres", "sh", "-c", script)
        service["command"] = [f"{self._binaries}/postgres", "-D", data, "-k", "/var/run/postgresql",
                              *service["command"][1:]]  # fmt: skip

    def _own(self, volume: str, mode: int) -> None:
        """As the image has the place."""
        place = self._containers.volumes / volume
        place.mkdir(exist_ok=True)
        os.chown(place, 999, 999)
        place.chmod(mode)
