"""The environment of the packet path → one frozen object, checked once; what is missing ends the start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from models.secrets.keyring import Keyring


class SettingsError(ValueError):
    """One sentence about what is missing or wrong."""


@dataclass(frozen=True)
class Place:
    """Where the installation's books and files are: all that a process needs that opens no password."""

    database_url: str = field(repr=False)
    state_dir: Path
    #: Where sockets lie: a path short enough for them (service/host/layout.py).
    socket_dir: Path

    @property
    def feed_socket(self) -> Path:
        """Where the login process listens for what accounting receives and the writer books."""
        return self.socket_dir / "feed.sock"

    def spool(self, process: str) -> Path:
        """Directory of the `auth` or the `acct` process's spool."""
        return self.state_dir / "spool" / process


@dataclass(frozen=True)
class Settings(Place):
    """What a FreeRADIUS process of ours needs to know, and the worker."""

    keyring: Keyring = field(repr=False)
    #: Shared secret of the installation's own probe; without one there is no probe.
    probe_secret: str | None = field(repr=False)
    log_level: str
    #: UDP ports.
    login_port: int = 1812
    accounting_port: int = 1813
    #: Where RADIUS listens, and what requests to devices are sent from.
    listen: str = "127.0.0.1"
    #: Users besides this one and root who may ask the login process: the API's.
    asked_by: tuple[int, ...] = ()

    @property
    def snapshot(self) -> Path:
        """The directory's copy on disk for a start without the database."""
        return self.state_dir / "snapshot" / "directory"


def place(environment: Mapping[str, str] = os.environ) -> Place:
    """Raises SettingsError."""
    state_dir = Path(_need(environment, "STATE_DIR"))
    return Place(
        database_url=environment.get("ENGINE_DATABASE_URL") or _need(environment, "DATABASE_URL"),
        state_dir=state_dir,
        socket_dir=Path(environment.get("SOCKET_DIR") or state_dir / "run" / "radius"),
    )


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Raises SettingsError, or CredentialError for CREDENTIAL_KEYS."""
    where = place(environment)
    return Settings(
        database_url=where.database_url,
        state_dir=where.state_dir,
        socket_dir=where.socket_dir,
        keyring=Keyring.parse(_need(environment, "CREDENTIAL_KEYS")),
        probe_secret=environment.get("RADIUS_SECRET") or None,
        log_level=environment.get("LOG_LEVEL", "info"),
        login_port=int(environment.get("RADIUS_AUTH_PORT") or 1812),
        accounting_port=int(environment.get("RADIUS_ACCT_PORT") or 1813),
        listen=environment.get("RADIUS_LISTEN") or "127.0.0.1",
        asked_by=tuple(int(uid) for uid in environment.get("INFORA_API_UID", "").split()),
    )


def _need(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set")
    return value
