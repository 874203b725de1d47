"""The three database URLs of an installation: owner, engine and API, each with its own role.

All are libpq URLs; models.db.normalise_url names the driver for SQLAlchemy.
"""

from dataclasses import dataclass
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

from service.errors import Refusal
from service.host.layout import socket_directory
from service.host.secret_file import Secrets
from service.host.settings import Settings

PRIVATE_DATABASE = "infora"
#: Owner, engine and API.
PRIVATE_ROLES = ("infora", "infora_engine", "infora_api")
SUPERUSER = "postgres"


@dataclass(frozen=True, repr=False)
class DatabaseUrls:
    """owner: schema, migrations, demo.json. engine: FreeRADIUS, writer. api: owns no table, bypasses no policy."""

    owner: str
    engine: str
    api: str


def of(settings: Settings, secrets: Secrets) -> DatabaseUrls:
    if settings.database_url is None:
        return DatabaseUrls(*(_socket_url(settings, role, PRIVATE_DATABASE) for role in PRIVATE_ROLES))
    owner = settings.database_url
    database = database_name(owner)
    return DatabaseUrls(
        owner=owner,
        engine=with_role(owner, f"{database}_engine", secrets.db_engine_password),
        api=with_role(owner, f"{database}_api", secrets.db_api_password),
    )


def superuser(settings: Settings) -> str:
    """The private cluster's superuser."""
    return _socket_url(settings, SUPERUSER, "postgres")


def database_name(url: str) -> str:
    name = unquote(urlsplit(url).path.lstrip("/"))
    if not name:
        raise Refusal("DATABASE_URL names no database: write postgresql://user:password@host/database.")
    return name


def with_role(url: str, role: str, password: str) -> str:
    """The same server and database for another role."""
    parts = urlsplit(url)
    _, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{quote(role, safe='')}:{quote(password, safe='')}@{place}"))


def with_password(url: str, password: str) -> str:
    """The same for a role whose password is not in it."""
    return with_role(url, unquote(urlsplit(url).username or ""), password)


def with_database(url: str, database: str) -> str:
    """The same server and role for another database."""
    return urlunsplit(urlsplit(url)._replace(path="/" + quote(database, safe="")))


def _socket_url(settings: Settings, role: str, database: str) -> str:
    """Without a password: PostgreSQL looks at the account of the socket's other end."""
    query = urlencode({"host": str(socket_directory(settings)), "port": 5432}, safe="/")
    return f"postgresql://{role}@/{database}?{query}"
