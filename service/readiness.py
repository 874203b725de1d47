"""Whether a part answers: the same question for `make run`, `make start`, `make status` and the tests."""

import urllib.error
import urllib.request

import psycopg2

from service import database_urls, probe
from service.parts import Part
from service.secret_file import Secrets
from service.settings import Settings


def answers(part: Part, settings: Settings, secrets: Secrets) -> bool | None:
    """True, or None for "not yet"."""
    if part.name == "postgres":
        return _database_answers(database_urls.superuser(settings))
    if part.name == "api":
        return _api_answers(settings)
    if part.name == "auth":
        return True if probe.login(settings, secrets.radius_secret, seconds=1.5) else None
    return True  # the others talk to nobody who asks; s6 knows whether it is up


def _database_answers(url: str) -> bool | None:
    try:
        psycopg2.connect(url, connect_timeout=2).close()
    except psycopg2.OperationalError:
        return None
    return True


def _api_answers(settings: Settings) -> bool | None:
    """Any answer of HTTP will do: whether the system is in order is /readyz' business."""
    try:
        urllib.request.urlopen(settings.api_base + "/healthz", timeout=2).close()  # noqa: S310 - our own address
    except urllib.error.HTTPError:
        return True
    except OSError:
        return None
    return True
