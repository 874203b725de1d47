"""Environment → one frozen object, checked once at the start. What is missing or weak ends it with a sentence."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from models.db import normalise_url
from models.secrets.keyring import CredentialError, Keyring

_PLACEHOLDER = re.compile(r"change.?me|change.?this|your[-_ ]|placeholder|replace.?me|example|^secret|^password", re.I)


class SettingsError(Exception):
    """One sentence that says what to do. Never holds a secret."""


@dataclass(frozen=True, repr=False)
class Settings:
    """What the API is configured with. No repr: secrets must not reach a trace."""

    #: Of the role that owns nothing and bypasses nothing.
    database_url: str
    jwt_key: str
    keyring: Keyring
    #: Devices on loopback are taken only while RADIUS itself listens there.
    loopback_devices: bool = False
    metrics_token: str | None = None
    state_dir: Path = Path("var")
    #: Where the login process listens for questions.
    socket_dir: Path = Path("var/run/radius")
    token_lifetime: timedelta = timedelta(hours=12)
    #: Wrong passwords in a minute before an account or an address has to wait; 0: no limit (measurements).
    login_failures_allowed: int = 10
    #: How many proxies in front may say where a request came from.
    trusted_proxies: int = 0
    statement_timeout_seconds: int = 30
    #: Where RADIUS listens, as routers are told it.
    radius_listen: str = "127.0.0.1"
    auth_port: int = 1812
    acct_port: int = 1813


def from_environment(env: Mapping[str, str]) -> Settings:
    """The API's settings; an empty variable counts as an absent one."""
    url = env.get("API_DATABASE_URL") or env.get("DATABASE_URL")
    if not url:
        raise SettingsError("Neither API_DATABASE_URL nor DATABASE_URL is set: `make run` sets up a database.")
    state_dir = Path(env.get("STATE_DIR") or "var").absolute()
    return Settings(
        database_url=_database_url(url),
        jwt_key=jwt_key(env),
        keyring=keyring(env),
        loopback_devices=_is_loopback(env.get("RADIUS_LISTEN") or "127.0.0.1"),
        metrics_token=env.get("METRICS_TOKEN") or None,
        state_dir=state_dir,
        socket_dir=Path(env.get("SOCKET_DIR") or state_dir / "run" / "radius"),
        trusted_proxies=_count(env, "API_TRUSTED_PROXIES"),
        radius_listen=env.get("RADIUS_LISTEN") or "127.0.0.1",
        auth_port=int(env.get("RADIUS_AUTH_PORT") or 1812),
        acct_port=int(env.get("RADIUS_ACCT_PORT") or 1813),
    )


def jwt_key(env: Mapping[str, str]) -> str:
    """The key that signs tokens; a short one or a placeholder is refused."""
    key = env.get("JWT_SECRET_KEY") or ""
    advice = "make one with `openssl rand -base64 48`, or let `make run` do it"
    if not key:
        raise SettingsError(f"JWT_SECRET_KEY is not set: {advice}.")
    if len(key.encode()) < 32 or len(set(key)) < 8 or _PLACEHOLDER.search(key):
        raise SettingsError(f"JWT_SECRET_KEY is too short or a placeholder: {advice}.")
    return key


def keyring(env: Mapping[str, str]) -> Keyring:
    """The keys of customers' credentials."""
    try:
        return Keyring.parse(env.get("CREDENTIAL_KEYS") or "")
    except CredentialError as wrong:
        raise SettingsError(f"{wrong}.") from None


def _database_url(url: str) -> str:
    try:
        normalise_url(url)
    except Exception:  # whatever the parser says may hold the password
        raise SettingsError("DATABASE_URL must look like postgresql://user:password@host/database.") from None
    return url


def _is_loopback(address: str) -> bool:
    try:
        return address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _count(env: Mapping[str, str], name: str) -> int:
    text = env.get(name) or "0"
    if not re.fullmatch(r"[0-9]", text):
        raise SettingsError(f"{name} must be a small number.")
    return int(text)
