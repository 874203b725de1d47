"""The release before this one, out of the clone's own history: the last commit without the newest migration."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models import schema
from service.host.settings import HOME

VERSIONS = "models/migrations/versions"


def git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", HOME, *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def commit() -> str:
    """The newest commit whose migrations are all but the newest, in a row. Skips where the history ends before."""
    wanted = [f"{number:04d}" for number in range(1, int(schema.revision_wanted()))]
    for candidate in git("rev-list", "--max-count=1000", "HEAD").splitlines():
        files = git("ls-tree", "--name-only", candidate, f"{VERSIONS}/").splitlines()
        if sorted(Path(file).name[:4] for file in files if not file.endswith("__init__.py")) == wanted:
            return candidate
    pytest.skip(f"this clone's history does not go back to before {schema.revision_wanted()}: `git fetch --unshallow`")


class ReleaseBefore:
    """Its files in a directory, and its commands on a STATE_DIR."""

    def __init__(self, home: Path, state_dir: Path, ports: tuple[int, int, int]) -> None:
        self.home = home
        archived = subprocess.run(["git", "-C", HOME, "archive", commit()], capture_output=True, check=True).stdout
        home.mkdir()
        subprocess.run(["tar", "x", "-C", home], input=archived, check=True)
        addresses = zip(("RADIUS_AUTH_PORT", "RADIUS_ACCT_PORT", "API_PORT"), map(str, ports), strict=True)
        self.environment = {**os.environ, "STATE_DIR": str(state_dir), "VENV": sys.prefix, **dict(addresses)}

    def call(self, command: str) -> str:
        """`start` or `stop` of that release, as its Makefile would: its own code, with the libraries of this one."""
        return run(command, self.home, self.environment)


def run(command: str, home: Path, environment: dict[str, str]) -> str:
    """Output goes through a file: what stays in the background must not hold a pipe."""
    with (Path(environment["STATE_DIR"]).with_suffix(".out")).open("w+") as file:
        done = subprocess.run([sys.executable, "-m", "service", command], cwd=home, env=environment, stdout=file,
                              stderr=file, timeout=300, check=False)  # fmt: skip
        file.seek(0)
        printed = file.read()
    assert done.returncode == 0, printed
    return printed
