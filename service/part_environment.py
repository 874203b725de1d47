"""The environment of each part, built from an empty one: a variable that is not named here reaches no part."""

import os
import sysconfig
from collections.abc import Mapping

from service import parts
from service.database import urls as database_urls
from service.host import layout
from service.host.secret_file import Secrets
from service.host.settings import Settings

PART = "INFORA_PART"
#: For the login process and the worker: whose questions they answer besides their own user's and root's, a user id.
ASKED_BY = "INFORA_API_UID"
#: The last one: tests run installations whose deadlines are shorter (models.deadline).
_PASSED_ON = ("TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "DEADLINE_SCALE")


def common(settings: Settings) -> dict[str, str]:
    """The variables that every part gets; none of them is a secret."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return passed | {
        "PATH": f"{settings.venv}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(layout.home_of("api", settings)),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "INFORA_HOME": str(settings.home),
        "STATE_DIR": str(settings.state_dir),
        "SOCKET_DIR": str(layout.radius_sockets(settings)),
        "LOG_LEVEL": settings.log_level,
        "RADIUS_LISTEN": settings.radius_listen,
        "RADIUS_AUTH_PORT": str(settings.radius_auth_port),
        "RADIUS_ACCT_PORT": str(settings.radius_acct_port),
        "API_HOST": settings.api_host,
        "API_PORT": str(settings.api_port),
    }


def of_part(name: str, settings: Settings, secrets: Secrets) -> dict[str, str]:
    """Environment of a supervised part: the secrets that it needs, and no others."""
    urls = database_urls.of(settings, secrets)
    engine = {"ENGINE_DATABASE_URL": urls.engine}
    keys = {"CREDENTIAL_KEYS": secrets.credential_keys}
    freeradius = {"RADIUS_SECRET": secrets.radius_secret, "INFORA_SITE_PACKAGES": _site_packages(settings)}
    asked = {ASKED_BY: str(settings.accounts.api.uid)}
    radius = engine | keys | freeradius
    needed: Mapping[str, dict[str, str]] = {
        "postgres": {},
        "auth": radius | asked,
        "acct": radius,
        "writer": engine,
        "worker": engine | keys | asked,
        "api": _api(settings, secrets, urls.api) | _worker_counts(settings),
    }
    home = {"HOME": str(layout.home_of(parts.by_name(name).runs_as, settings))}
    return common(settings) | home | {PART: name} | needed[name]


def of_owner(settings: Settings, secrets: Secrets) -> dict[str, str]:
    """Environment for migrations and the command line: the schema's owner, who sees every row."""
    urls = database_urls.of(settings, secrets)
    return _api(settings, secrets, urls.api) | common(settings) | {
        "DATABASE_URL": urls.owner,
        "ENGINE_DATABASE_URL": urls.engine,
        "RADIUS_SECRET": secrets.radius_secret,
        "ADMIN_USERNAME": settings.admin_username,
        "ADMIN_PASSWORD": secrets.admin_password,
    }  # fmt: skip


def of_schema(settings: Settings, secrets: Secrets) -> dict[str, str]:
    """Environment of `migrate`: what tables and roles are made with, and the first administrator."""
    outside = {} if settings.database_url is None else {
        "DATABASE_URL": settings.database_url,
        "DB_ENGINE_PASSWORD": secrets.db_engine_password,
        "DB_API_PASSWORD": secrets.db_api_password,
    }  # fmt: skip
    administrator = {"ADMIN_USERNAME": settings.admin_username, "ADMIN_PASSWORD": secrets.admin_password}
    return common(settings) | outside | administrator | {"HOME": "/nonexistent"}


def _api(settings: Settings, secrets: Secrets, url: str) -> dict[str, str]:
    token = {"METRICS_TOKEN": settings.metrics_token} if settings.metrics_token else {}
    return token | {
        "API_TRUSTED_PROXIES": str(settings.api_trusted_proxies),
        "API_DATABASE_URL": url,
        "CREDENTIAL_KEYS": secrets.credential_keys,
        "JWT_SECRET_KEY": secrets.jwt_secret_key,
    }


def _worker_counts(settings: Settings) -> dict[str, str]:
    """prometheus-client must see it before it is imported: only the environment comes early enough."""
    return {"PROMETHEUS_MULTIPROC_DIR": str(layout.api_directory(settings) / "metrics")}


def _site_packages(settings: Settings) -> str:
    return sysconfig.get_path("purelib", vars={"base": str(settings.venv), "platbase": str(settings.venv)})
