"""Environment -> one frozen Settings, checked once at the start of every command.

A wrong value ends the command with one sentence (Refusal). Secrets are not here: see secret_file.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from service.errors import Refusal
from service.host.account import Accounts, current

HOME = Path(__file__).resolve().parents[2]
LOG_LEVELS = ("debug", "info", "warning", "error")
PROBE_ADDRESS = "127.0.0.2"
#: In STATE_DIR: the demo tenant was removed, and is not to be made again by itself.
DEMO_REMOVED = "demo-removed"


@dataclass(frozen=True)
class Settings:
    """The settings of an installation, without its secrets. Paths are absolute."""

    home: Path
    state_dir: Path
    venv: Path
    accounts: Accounts
    database_url: str | None
    radius_listen: str
    radius_auth_port: int
    radius_acct_port: int
    api_host: str
    api_port: int
    admin_username: str
    metrics_token: str | None
    api_trusted_proxies: int
    log_level: str
    demo: bool
    #: Public keys that backups are encrypted for, in place of the installation's own.
    backup_recipients: Path | None = None
    #: The first word of the names of systemd's units.
    unit_prefix: str = "infora"

    @property
    def radius_address(self) -> str:
        """Where a client on this machine reaches RADIUS: a wildcard is reached over loopback."""
        return _reachable(self.radius_listen)

    @property
    def api_base(self) -> str:
        host = _reachable(self.api_host)
        return f"http://[{host}]:{self.api_port}" if ":" in host else f"http://{host}:{self.api_port}"


def from_environment(env: Mapping[str, str]) -> Settings:
    """Read and check the variables. An empty variable counts as absent."""
    auth, acct = _port(env, "RADIUS_AUTH_PORT", 1812), _port(env, "RADIUS_ACCT_PORT", 1813)
    if auth == acct:
        raise Refusal(f"RADIUS_AUTH_PORT and RADIUS_ACCT_PORT are both {auth}: give them different ports.")
    return Settings(
        home=HOME,
        state_dir=_state_dir(env),
        venv=Path(env.get("VENV") or HOME / ".venv").resolve(),
        accounts=current(),
        database_url=_database_url(env),
        radius_listen=_address(env, "RADIUS_LISTEN"),
        radius_auth_port=auth,
        radius_acct_port=acct,
        api_host=_address(env, "API_HOST"),
        api_port=_port(env, "API_PORT", 5000),
        admin_username=_admin_username(env),
        metrics_token=env.get("METRICS_TOKEN") or None,
        api_trusted_proxies=int(_one_of(env, "API_TRUSTED_PROXIES", tuple("0123456789"), "0")),
        log_level=_one_of(env, "LOG_LEVEL", LOG_LEVELS, "info"),
        demo=_demo(env),
        backup_recipients=_file(env, "BACKUP_RECIPIENTS"),
        unit_prefix=_unit_prefix(env),
    )


def _reachable(address: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 - read, not bound


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise Refusal(f"{name} is {text!r}: give a port between 1 and 65535.")
    return int(text)


def _address(env: Mapping[str, str], name: str) -> str:
    text = env.get(name) or "127.0.0.1"
    try:
        return str(ipaddress.ip_address("127.0.0.1" if text == "localhost" else text))
    except ValueError:
        raise Refusal(f"{name} is {text!r}: give an IP address, such as 127.0.0.1 or 0.0.0.0.") from None


def _file(env: Mapping[str, str], name: str) -> Path | None:
    text = env.get(name)
    if text and not Path(text).is_file():
        raise Refusal(f"{name} is {text!r}, which is no file.")
    return Path(text).resolve() if text else None


def _one_of(env: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    text = (env.get(name) or default).lower()
    if text not in allowed:
        raise Refusal(f"{name} is {text!r}: give one of {', '.join(allowed)}.")
    return text


def _demo(env: Mapping[str, str]) -> bool:
    """A demo tenant that was removed (`remove-demo`) comes back only where DEMO=1 is said."""
    removed = (_state_dir(env) / DEMO_REMOVED).exists()
    return _one_of(env, "DEMO", ("0", "1"), "0" if removed else "1") == "1"


def _unit_prefix(env: Mapping[str, str]) -> str:
    text = env.get("UNIT_PREFIX") or "infora"
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", text):
        raise Refusal(f"UNIT_PREFIX is {text!r}: give up to 32 lower-case letters, digits and hyphens.")
    return text


def _admin_username(env: Mapping[str, str]) -> str:
    text = env.get("ADMIN_USERNAME") or "admin"
    if not text.isprintable() or len(text) > 100:
        raise Refusal("ADMIN_USERNAME must have 1 to 100 printable characters.")
    return text


def _state_dir(env: Mapping[str, str]) -> Path:
    path = Path(env.get("STATE_DIR") or HOME / "var").resolve()
    if path == Path(path.anchor) or not str(path).isprintable():
        raise Refusal(f"STATE_DIR is {str(path)!r}: give a directory of its own.")
    return path


def _database_url(env: Mapping[str, str]) -> str | None:
    url = env.get("DATABASE_URL") or None
    if url and not re.match(r"postgresql(\+psycopg2)?://", url):
        raise Refusal("DATABASE_URL must look like postgresql://user:password@host/database: "
                      "this system runs on PostgreSQL only.")  # fmt: skip
    return url and url.replace("postgresql+psycopg2://", "postgresql://", 1)
