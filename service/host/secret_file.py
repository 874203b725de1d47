"""STATE_DIR/secrets.env: every secret that the environment does not give, generated once, mode 0600.

A value in the environment wins over the file and is never written to it.
"""

import base64
import binascii
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from service.errors import Refusal
from service.host import private_file

FILE = "secrets.env"
_PLACEHOLDER = re.compile(r"change.?me|change.?this|your[-_ ]|placeholder|replace.?me|example|^secret|^password", re.I)


@dataclass(frozen=True, repr=False)
class Secrets:
    """No repr: a secret must not reach a traceback or a log."""

    jwt_secret_key: str
    credential_keys: str
    radius_secret: str
    db_engine_password: str
    db_api_password: str
    admin_password: str


def _token() -> str:
    return secrets.token_urlsafe(32)


def _credential_keys() -> str:
    return "1:" + base64.b64encode(secrets.token_bytes(32)).decode()


_GENERATORS: Mapping[str, Callable[[], str]] = {"credential_keys": _credential_keys}


def generate(name: str) -> str:
    """A value for the secret of that name."""
    return _GENERATORS.get(name, _token)()


def load_or_create(state_dir: Path, env: Mapping[str, str]) -> Secrets:
    """From the environment, else the file, else generated and added to the file. Raises Refusal on a weak value."""
    names = [field.name for field in fields(Secrets)]
    given = {name: env[name.upper()] for name in names if env.get(name.upper())}
    stored = _read(state_dir / FILE)
    generated = {name: generate(name) for name in names if name not in given and name not in stored}
    result = Secrets(**{name: given.get(name) or stored.get(name) or generated[name] for name in names})
    check(result)
    if generated:
        own = {name: stored.get(name) or generated[name] for name in names if name not in given or name in stored}
        _write(state_dir / FILE, stored | own)
    return result


def load_or_add(state_dir: Path, name: str, generate: Callable[[], str]) -> str:
    """A further secret of the file that no part needs, made when it is first asked for."""
    stored = _read(state_dir / FILE)
    if name not in stored:
        stored[name] = generate()
        _write(state_dir / FILE, stored)
    return stored[name]


def stored_secret(state_dir: Path, name: str) -> str | None:
    """One of the file, if it has it."""
    return _read(state_dir / FILE).get(name)


def put(state_dir: Path, text: str) -> None:
    """A whole file that comes from somewhere else, such as a backup."""
    private_file.write(state_dir / FILE, text)


def text_of(values: Secrets, further: Mapping[str, str]) -> str:
    """A whole file of these, for another installation."""
    return _text(asdict(values) | dict(further))


def given(env: Mapping[str, str]) -> Secrets:
    """Of a process that has its own copy of what it needs, and may not read the file: the rest is empty."""
    return Secrets(**{field.name: env.get(field.name.upper(), "") for field in fields(Secrets)})


def _read(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except PermissionError:
        raise Refusal(f"{path} cannot be read by this user: run the command as the user who created it.") from None
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.lower(): value for name, _, value in pairs if value}


def _write(path: Path, values: Mapping[str, str]) -> None:
    private_file.write(path, _text(values))


def _text(values: Mapping[str, str]) -> str:
    text = "# Secrets of this installation. Keep a copy apart from the database's backup.\n"
    return text + "".join(f"{name.upper()}={value}\n" for name, value in values.items())


def check(values: Secrets) -> None:
    """Raises Refusal for a weak or malformed one."""
    _check_jwt_key(values.jwt_secret_key)
    check_credential_keys(values.credential_keys)
    if not re.fullmatch(r"[!#-&(-\[\]-~]{1,128}", values.radius_secret):
        raise Refusal("RADIUS_SECRET must have 1 to 128 printable ASCII characters without space, quote or backslash.")
    if "\n" in values.admin_password:
        raise Refusal("ADMIN_PASSWORD must be one line.")


def _check_jwt_key(key: str) -> None:
    advice = "make one with `openssl rand -base64 48`, or leave it unset to have it generated"
    if len(key.encode()) < 32:
        raise Refusal(f"JWT_SECRET_KEY is too short (32 bytes at least): {advice}.")
    if _PLACEHOLDER.search(key) or len(set(key)) < 8:
        raise Refusal(f"JWT_SECRET_KEY is a placeholder: {advice}.")


def check_credential_keys(text: str) -> None:
    """`<id>:<base64 of 32 bytes>[,…]`; ids are unique, and no key is a repeated byte."""
    advice = "give <id>:<base64 of 32 random bytes>, for example 1:`openssl rand -base64 32`"
    seen = set()
    for part in text.split(","):
        identity, _, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", identity) or len(key) != 32 or len(set(key)) < 8:
            raise Refusal(f"CREDENTIAL_KEYS holds a key that is short, malformed or a placeholder: {advice}.")
        if identity in seen:
            raise Refusal(f"CREDENTIAL_KEYS uses the id {identity} twice: every key needs its own id.")
        seen.add(identity)
