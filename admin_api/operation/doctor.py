"""Examines an installation part by part: what is in order, what is not, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from admin_api.operation import reply_row_check
from admin_api.operation.examined import running
from admin_api.operation.examined.trouble import Advice, Trouble
from admin_api.operation.installation import NotPossible, owner_engine
from admin_api.settings import SettingsError, jwt_key, keyring
from models import MikrotikDevice, Radcheck
from models.db import make_engine
from models.schema import revision_found, revision_wanted, serves
from models.secrets.keyring import CredentialError
from radius_module import status

#: Hours.
_OLDEST_PROOF = 48
_LAST_PROOF = text(
    "select rules, findings, extract(epoch from now() - verified_at) / 3600 as hours"
    " from book_verifications order by id desc limit 1"
)
#: Customers whose names were told apart before they were compared by one key (docs/decisions/0071).
_TWINS = text(
    "select c.isp_id, string_agg(c.username, ', ' order by c.id) from customers c"
    " where exists (select from customers t where t.isp_id = c.isp_id and t.login_name = c.login_name"
    " and t.name_twin <> 0) group by c.isp_id, c.login_name having count(*) > 1 order by 1, 2 limit 50"
)


class Finding(NamedTuple):
    """`text` says what was seen, and where it is not in order, what to do. `warning`: in order, and worth a look."""

    part: str
    ok: bool
    text: str
    warning: bool = False


def examine(env: Mapping[str, str]) -> list[Finding]:
    """All parts, each after those it rests on."""
    checks: tuple[tuple[str, Callable[[Mapping[str, str]], str]], ...] = (
        ("secrets", _secrets),
        ("database", _database),
        ("API's database role", _api_role),
        ("stored secrets", _stored_secrets),
        ("user names", _names),
        ("books", _books),
        ("disk", running.disk),
        ("FreeRADIUS", running.freeradius),
        ("directory", running.directory),
        ("spool", running.spool),
        ("processes", running.processes),
        ("worker", running.worker),
        ("API", running.api),
    )
    return [_finding(part, check, env) for part, check in checks]


def _finding(part: str, check: Callable[[Mapping[str, str]], str], env: Mapping[str, str]) -> Finding:
    try:
        return Finding(part, True, check(env))
    except Advice as advice:
        return Finding(part, True, str(advice), warning=True)
    except (Trouble, SettingsError, NotPossible) as wrong:
        return Finding(part, False, str(wrong))
    except SQLAlchemyError as wrong:
        hint = "`make status` says whether PostgreSQL runs; that of DATABASE_URL is yours to start"
        return Finding(part, False, f"the database does not answer ({type(wrong).__name__}): {hint}")


@contextmanager
def _connection(engine: Engine) -> Iterator[Connection]:
    """The only one of an engine that goes with it."""
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _secrets(env: Mapping[str, str]) -> str:
    if not env.get("JWT_SECRET_KEY") and not env.get("CREDENTIAL_KEYS"):
        raise Trouble(
            "they are not in this command's environment, which says nothing about the installation's: `make doctor` "
            "has those of STATE_DIR/secrets.env. Make no new ones, with which no stored password opens"
        )
    jwt_key(env)
    return f"JWT_SECRET_KEY and CREDENTIAL_KEYS are good; the key {keyring(env).writer} writes"


def _database(env: Mapping[str, str]) -> str:
    engine = owner_engine(env)
    try:
        revision = revision_found(engine)
        with engine.connect() as connection:
            is_served = serves(connection)
        if not is_served:
            raise Trouble(
                f"the schema is at {revision}, not at {revision_wanted()}: `make stop && make start` brings it there"
            )
        with engine.connect() as connection:
            version = connection.scalar(text("show server_version"))
            ahead = connection.scalar(text("select to_regclass('radacct_' || to_char(now(), 'YYYYMM')) is not null"))
        if not ahead:
            raise Trouble("this month has no partition: the writer makes it, `make status` says whether that one runs")
        return f"PostgreSQL {version}, schema {revision}"
    finally:
        engine.dispose()


def _api_role(env: Mapping[str, str]) -> str:
    url = env.get("API_DATABASE_URL")
    if not url:
        raise Trouble("API_DATABASE_URL is not set: the API works as the owner, whom row-level security does not stop")
    with _connection(make_engine(url, "infora doctor", hide_parameters=True)) as connection:
        role = text("select rolsuper or rolbypassrls, current_user from pg_roles where rolname = current_user")
        bypasses, name = connection.execute(role).one()
        visible = connection.scalar(text("select count(*) from customers"))
    if bypasses or visible:
        raise Trouble(f"{name} sees rows of every tenant: `alter role {name} nobypassrls nosuperuser`")
    return f"{name} sees nothing without a tenant"


def _stored_secrets(env: Mapping[str, str]) -> str:
    ring, engine = keyring(env), owner_engine(env)
    samples = (
        (Radcheck, Radcheck.value, Radcheck.customer_id),
        (MikrotikDevice, MikrotikDevice.radius_secret, MikrotikDevice.id),
    )
    checked = 0
    try:
        with engine.connect() as connection:
            for model, column, row in samples:
                rows = model.__table__.select().with_only_columns(model.isp_id, row, column)
                for isp_id, row_id, stored in connection.execute(rows.where(column.startswith("aes:")).limit(100)):
                    ring.decrypt(stored, isp_id, model.__tablename__, row_id or 0)
                    checked += 1
    except CredentialError as wrong:
        raise Trouble(f"{wrong}: CREDENTIAL_KEYS must hold every key that was ever used") from None
    finally:
        engine.dispose()
    return f"{checked} samples open"


def _names(env: Mapping[str, str]) -> str:
    with _connection(owner_engine(env)) as connection:
        twins = connection.execute(_TWINS).all()
    if twins:
        alike = "; ".join(f"ISP {isp_id}: {names}" for isp_id, names in twins)
        raise Advice(f"these differ by no more than case and go on as they are, until one is renamed: {alike}")
    return "no two of an ISP are alike"


def _books(env: Mapping[str, str]) -> str:
    with _connection(owner_engine(env)) as connection:
        latest = connection.execute(_LAST_PROOF).one_or_none()
    if latest is None:
        raise Advice("nobody has proved them yet: the worker does within a minute of its start, and then daily")
    if latest.findings:
        first = latest.findings[0]
        where = f"tenant {first['isp_id']}, {first['row']}: {first['detail']}"
        raise Trouble(
            f"{len(latest.findings)} rules are broken: `flask --app admin_api verify-books` names them. {where}"
        )
    if latest.hours > _OLDEST_PROOF:
        raise Advice(f"the last proof is {latest.hours:.0f} hours old: is the worker running?")
    return f"{latest.rules} rules hold, as of {latest.hours:.0f} hours ago"


def warnings(env: Mapping[str, str]) -> list[str]:
    """What an operator should look at, though everything works."""
    processes = [f"{process}: {warning.text}" for process, warning in status.warnings(running.state_dir(env))]
    version = [line] if (line := status.version_warning()) else []
    return processes + version + reply_row_check.warnings(env)
