"""The units that `make install` has written in a folder, each started as systemd.exec(5) says."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections import defaultdict
from pathlib import Path

from tests.fresh.accounts import Accounts
from tests.fresh.walls import Walls, calls_of, start

#: What the launcher may use beyond the part's own: nothing.
_ONCE = "oneshot"


class Unit:
    """A .service file of the folder; a setting may be there several times."""

    def __init__(self, root: Path, path: Path) -> None:
        self.root, self.name = root, path.stem
        self.settings: dict[str, list[str]] = defaultdict(list)
        for line in path.read_text().splitlines():
            name, equals, value = line.partition("=")
            if equals:
                self.settings[name].append(value)

    def value(self, name: str) -> str:
        return (self.settings.get(name) or [""])[-1]

    @property
    def once(self) -> bool:
        return self.value("Type") == _ONCE

    def walls(self) -> Walls:
        """All that its lines say of the file system, rights, calls and network."""
        accounts = Accounts(self.root)
        user = accounts.user(self.value("User"))
        groups = [accounts.group(name) for name in self.value("SupplementaryGroups").split()]
        assert self.value("ProtectSystem") == "strict" and self.value("NoNewPrivileges") == "yes"
        return Walls(
            root=self.root, user=user.number, group=user.group, groups=[*accounts.groups_of(user), *groups],
            writable=[(self.root / place.lstrip("/"), place) for place in self.value("ReadWritePaths").split()],
            memory=[("/tmp", "mode=1777"), ("/root", "mode=0000"), ("/home", "mode=0000")],  # noqa: S108
            network=self.value("PrivateNetwork") != "yes",
            keeps_nice=self.value("AmbientCapabilities") == "CAP_SYS_NICE",
            calls=self._calls(), no_new_code=self.value("MemoryDenyWriteExecute") == "yes",
            nice=int(self.value("Nice") or 0), environment=self._environment(),
            directory=self.value("WorkingDirectory"),
        )  # fmt: skip

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        return start(self.walls(), shlex.split(self.value("ExecStart")), log)

    def _calls(self) -> list[str]:
        allowed: set[str] = set()
        for group in self.settings["SystemCallFilter"]:
            names = calls_of(group.lstrip("~"))
            allowed = allowed - names if group.startswith("~") else allowed | names
        return sorted(allowed | calls_of("@default"))

    def _environment(self) -> dict[str, str]:
        path = self.root / self.value("EnvironmentFile").lstrip("/")
        pairs = (line.partition("=") for line in path.read_text().splitlines())
        return {name: re.sub(r'\\(["\\`$])', r"\1", value[1:-1]) for name, _, value in pairs}


def wanted(root: Path) -> list[Unit]:
    """The services that the target wants, in its order."""
    directory = root / "etc/systemd/system"
    target = directory / "multi-user.target.wants/infora.target"
    assert target.is_symlink(), "it is enabled"
    names = re.findall(r"^Wants=(.*\.service)$", (directory / "infora.target").read_text(), re.MULTILINE)
    return [Unit(root, directory / name) for name in names]
