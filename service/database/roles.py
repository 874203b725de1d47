"""The database's roles: owner, engine (reads every tenant), API (bypasses nothing). Safe to repeat.

In the private cluster they have no password: PostgreSQL knows the account at the socket's other end. Elsewhere
passwords travel as SCRAM verifiers computed here, so that no server log can ever show them.
"""

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import encrypt_password

from service.database import urls as database_urls
from service.database.urls import DatabaseUrls
from service.errors import Refusal, last_line
from service.host.secret_file import Secrets
from service.host.settings import Settings

ENGINE = "LOGIN BYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE"
API = "LOGIN NOBYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE"


def ensure(settings: Settings, secrets: Secrets) -> None:
    """Roles and database for this installation, in the private cluster or behind DATABASE_URL."""
    if settings.database_url is None:
        _ensure_private(settings)
    else:
        _ensure_outside(database_urls.of(settings, secrets), secrets)


def _ensure_private(settings: Settings) -> None:
    owner, *_ = database_urls.PRIVATE_ROLES
    db = psycopg2.connect(database_urls.superuser(settings), connect_timeout=5)
    try:
        db.autocommit = True
        for role, attributes in zip(database_urls.PRIVATE_ROLES, (ENGINE, ENGINE, API), strict=True):
            _ensure_role(db, role, attributes, None)
        ensure_database(db, database_urls.PRIVATE_DATABASE, owner=owner)
    finally:
        db.close()


def ensure_database(db: Connection, name: str, owner: str) -> None:
    """Create the database unless it exists. `db` must be in autocommit mode."""
    with db.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(owner)))


def _ensure_outside(urls: DatabaseUrls, secrets: Secrets) -> None:
    if _can_log_in(urls.engine) and _can_log_in(urls.api):
        return
    database = database_urls.database_name(urls.owner)
    db = _connect_owner(urls.owner)
    try:
        db.autocommit = True
        wanted = [(f"{database}_engine", ENGINE, secrets.db_engine_password),
                  (f"{database}_api", API, secrets.db_api_password)]  # fmt: skip
        if not _may_create_roles(db):
            statements = "; ".join(_role_statement(db, *role).as_string(db) for role in wanted)
            raise Refusal(f"The role of DATABASE_URL may not create the roles that this system needs: have a "
                          f"superuser run this, then start again: {statements};")  # fmt: skip
        for role in wanted:
            _ensure_role(db, *role)
    finally:
        db.close()


def _connect_owner(url: str) -> Connection:
    try:
        return psycopg2.connect(url, connect_timeout=5)
    except psycopg2.OperationalError as error:
        raise Refusal(f"The database of DATABASE_URL does not answer: {last_line(str(error))}.") from None


def _can_log_in(url: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=5).close()
    except psycopg2.OperationalError:
        return False
    return True


def _may_create_roles(db: Connection) -> bool:
    """A superuser can grant BYPASSRLS; since PostgreSQL 16 so can a role that has it itself."""
    with db.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolcreaterole AND rolbypassrls FROM pg_roles WHERE rolname = current_user")
        superuser, delegated = cursor.fetchone() or (False, False)
    return bool(superuser or (delegated and db.server_version >= 160000))


def _ensure_role(db: Connection, name: str, attributes: str, password: str | None) -> None:
    with db.cursor() as cursor:
        cursor.execute(_role_statement(db, name, attributes, password))


def _role_statement(db: Connection, name: str, attributes: str, password: str | None) -> sql.Composed:
    with db.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,))
        verb = "CREATE" if cursor.fetchone() is None else "ALTER"
    verifier = None if password is None else encrypt_password(password, name, db, "scram-sha-256")
    return sql.SQL("{} ROLE {} {} PASSWORD {}").format(
        sql.SQL(verb), sql.Identifier(name), sql.SQL(attributes), sql.Literal(verifier)
    )
