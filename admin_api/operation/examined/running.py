"""Whether the parts of an installation run and do their work: `doctor` asks each the way its users do."""

from __future__ import annotations

import json
import shutil
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from admin_api.operation.examined.trouble import Advice, Trouble
from radius_module import status
from radius_module.ipc import device_call

_LEAST_FREE = 500_000_000
_DEEPEST_SPOOL = 100_000
_OLDEST_DIRECTORY = 60.0
#: Seconds.
_PATIENCE = 5
#: Where an API listens on all addresses, it is reached on this machine's own.
_REACHED = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound


def disk(env: Mapping[str, str]) -> str:
    """Room for what is acknowledged."""
    directory = state_dir(env)
    if not directory.is_dir():
        raise Trouble(f"{directory} is not there: set STATE_DIR, or run `make start`")
    free = shutil.disk_usage(directory).free
    if free < _LEAST_FREE:
        raise Trouble(f"only {free // 10**6} MB are free in {directory}: on a full disk no accounting is acknowledged")
    return f"{free // 10**9} GB free in {directory}"


def freeradius(env: Mapping[str, str]) -> str:
    """Logins are answered."""
    if status.report(state_dir(env)) is None:
        raise Trouble(f"it does not report about itself: `make status` says whether it runs, {_log(env, 'auth')} why")
    return f"running, version {status.version()}"


def directory(env: Mapping[str, str]) -> str:
    """What logins are answered from is what the database says."""
    age = status.directory_age(status.report(state_dir(env)))
    if age is None:
        raise Trouble("nobody knows how old it is: FreeRADIUS does not run")
    if age > _OLDEST_DIRECTORY:
        raise Trouble(
            f"logins are answered from data that is {age:.0f} s old: bring the database back, {_log(env, 'auth')} says "
            "why it is not heard"
        )
    return f"{age:.1f} s old"


def spool(env: Mapping[str, str]) -> str:
    """What is acknowledged is booked."""
    waiting = sum(spool.records for spool in status.spools(state_dir(env)).values())
    if waiting > _DEEPEST_SPOOL:
        raise Trouble(f"{waiting} records wait to be booked: is the writer running, and the database fast enough?")
    return f"{waiting} records wait to be booked"


def processes(env: Mapping[str, str]) -> str:
    """Those of FreeRADIUS and the writer say that they do their work."""
    troubles = [f"{process}: {trouble.text}" for process, trouble in status.troubles(state_dir(env))]
    if troubles:
        raise Trouble("; ".join(troubles))
    return "each reports that it does its work"


def worker(env: Mapping[str, str]) -> str:
    """Somebody carries out what changes ask of routers."""
    path = device_call.socket_path(Path(env.get("SOCKET_DIR") or state_dir(env) / "run" / "radius"))
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(_PATIENCE)
            link.connect(str(path))
    except PermissionError:
        raise Advice("this command may not look whether it takes calls: `make status` says whether it runs") from None
    except OSError:
        raise Trouble(
            "nobody cuts sessions, renews customers or asks routers: `make status` says whether the worker runs, "
            f"{_log(env, 'worker')} why not"
        ) from None
    return "takes calls"


def api(env: Mapping[str, str]) -> str:
    """It answers, and says of itself that it is ready."""
    host = env.get("API_HOST") or "127.0.0.1"
    host = _REACHED.get(host, host)
    base = f"http://{f'[{host}]' if ':' in host else host}:{env.get('API_PORT') or 5000}"
    try:
        urllib.request.urlopen(f"{base}/readyz", timeout=_PATIENCE).close()  # noqa: S310 - our own address
    except urllib.error.HTTPError as answer:
        raise Trouble(f"{base} answers that it is not ready: {_message(answer)}") from None
    except OSError:
        raise Trouble(
            f"nothing answers at {base}: `make status` says whether it runs, {_log(env, 'api')} why not"
        ) from None
    return f"{base} is ready"


def state_dir(env: Mapping[str, str]) -> Path:
    """Of the installation that is examined."""
    return Path(env.get("STATE_DIR") or "var").absolute()


def _log(env: Mapping[str, str], part: str) -> str:
    return f"{state_dir(env) / 'log' / part / 'current'}"


def _message(answer: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(answer)["message"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"status {answer.code}"
