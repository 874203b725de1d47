"""The units and each one's copy of settings and secrets, as files: written, found again, removed."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from service import part_environment, parts
from service.errors import Refusal
from service.host import private_file
from service.host.account import Account
from service.host.secret_file import Secrets
from service.host.settings import Settings
from service.systemd import units

DIRECTORY = Path("/etc/systemd/system")
#: What systemd takes in a path without quoting.
_PLAIN = re.compile(r"[A-Za-z0-9/_.,+@:-]+")
_ESCAPED = re.compile(r'(["\\`$])')
_QUOTED = re.compile(r'\\(["\\`$])')
#: Settings that are, or hold, a secret.
_SECRET = frozenset(("DATABASE_URL", "JWT_SECRET_KEY", "CREDENTIAL_KEYS", "RADIUS_SECRET", "ADMIN_PASSWORD",
                     "METRICS_TOKEN"))  # fmt: skip
#: Directories that the sandbox shows to no part.
_HIDDEN = tuple(Path(name) for name in ("/home", "/root", "/run/user", "/tmp", "/var/tmp"))  # noqa: S108


def refuse_place(settings: Settings) -> None:
    """Raises Refusal for a clone, environment or STATE_DIR that sandboxed parts would not see."""
    for path in sorted({settings.home, settings.venv, settings.state_dir}):
        if not _PLAIN.fullmatch(str(path)):
            raise Refusal(f"{path} has characters that units cannot name: move it to a path like /opt/infora.")
        if any(hidden in path.parents for hidden in _HIDDEN):
            raise Refusal(f"{path} lies where units see nothing: move clone and STATE_DIR to a place like /opt/infora.")


def write(settings: Settings, secrets: Secrets, directory: Path = DIRECTORY) -> list[Path]:
    """Replace what an earlier run wrote; returns the files."""
    _write_environments(settings, secrets)
    texts = units.texts(settings)
    for stale in set(of(settings, directory)) - {directory / name for name in texts}:
        stale.unlink()
    for name, text in texts.items():
        (directory / name).write_text(text, encoding="utf-8")
        (directory / name).chmod(0o644)
    return [directory / name for name in texts]


def remember(settings: Settings, environment: Mapping[str, str]) -> None:
    """What `make install` was given, for the next time and for those who ask how it runs. Of secrets only the names:
    the doctor has a copy of each.
    """
    plain = {name: value for name, value in environment.items() if name not in _SECRET}
    secret = sorted(name for name in environment if name in _SECRET)
    private_file.write(_settings_file(settings), json.dumps({"plain": plain, "secret": secret}, indent=2) + "\n")


def remembered(settings: Settings) -> dict[str, str]:
    """Empty where it was never installed."""
    try:
        given = json.loads(_settings_file(settings).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    copies = _read_environment(units.environment_file(settings, "doctor")) if given["secret"] else {}
    values: dict[str, str] = given["plain"] | {name: copies[name] for name in given["secret"]}
    return values


def _settings_file(settings: Settings) -> Path:
    return units.environment_directory(settings) / "settings.json"


def of(settings: Settings, directory: Path = DIRECTORY) -> list[Path]:
    """The units of this STATE_DIR, whatever they are called."""
    mark = units.MARK.format(settings.state_dir)
    return sorted(path for path in _marked(directory) if path.read_text(encoding="utf-8").endswith(mark))


def refuse_foreign(settings: Settings, directory: Path = DIRECTORY) -> None:
    """Raises Refusal where the names are another installation's, or somebody's own."""
    own = set(of(settings, directory))
    for path in (directory / name for name in units.texts(settings)):
        if path.exists() and path not in own:
            raise Refusal(f"{path} belongs to another installation: give this one another UNIT_PREFIX.")


def remove(settings: Settings, directory: Path = DIRECTORY) -> tuple[list[Path], list[Path]]:
    """(what was removed, what was left). Secrets that the environment gave stand in no other file: they belong to the
    data and are left.
    """
    environments = units.environment_directory(settings)
    copies = sorted(environments.iterdir()) if environments.is_dir() else []
    given = {name for name in remembered(settings) if name in _SECRET}
    left = [_settings_file(settings), units.environment_file(settings, "doctor")] if given else []
    removed = [path for path in (*of(settings, directory), *copies) if path not in left]
    for path in removed:
        path.unlink()
    if copies and not left:
        environments.rmdir()
        removed.append(environments)
    return removed, left


def _marked(directory: Path) -> Iterator[Path]:
    for kind in ("service", "timer", "target"):
        yield from (path for path in directory.glob(f"*.{kind}") if path.is_file() and not path.is_symlink())


def _write_environments(settings: Settings, secrets: Secrets) -> None:
    environments = units.environment_directory(settings)
    environments.mkdir(mode=0o711, exist_ok=True)
    present = parts.present(settings)
    own = {"VENV": str(settings.venv), "UNIT_PREFIX": settings.unit_prefix}
    for part in present:
        values = part_environment.of_part(part.name, settings, secrets) | own
        _write_environment(units.environment_file(settings, part.name), values, settings.accounts.of(part.runs_as))
    schema = part_environment.of_schema(settings, secrets) | own
    _write_environment(units.environment_file(settings, "schema"), schema, settings.accounts.database)
    doctor = part_environment.of_owner(settings, secrets)
    _write_environment(units.environment_file(settings, "doctor"), doctor, None)
    names = (*(part.name for part in present), "schema", "doctor")
    written = {units.environment_file(settings, name) for name in names}
    for old in set(environments.glob("*.env")) - written:
        old.unlink()


def _write_environment(path: Path, values: Mapping[str, str], account: Account | None) -> None:
    """Never readable for others, not even for a moment; whole or not at all. `account`: None for root's own."""
    partial = path.with_suffix(".new")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(f"{name}={quoted(value)}\n" for name, value in sorted(values.items()))
    if account is not None:
        account.own(partial)
    partial.replace(path)


def _read_environment(path: Path) -> dict[str, str]:
    pairs = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines())
    return {name: _QUOTED.sub(r"\1", value[1:-1]) for name, _, value in pairs}


def quoted(value: str) -> str:
    """As systemd reads a value of an EnvironmentFile (systemd.exec(5)), and a shell too."""
    return '"' + _ESCAPED.sub(r"\\\1", value) + '"'
