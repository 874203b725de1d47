"""What is asked of a router and answered about it."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from admin_api.devices.hotspot.texts import DEFAULT, Language
from admin_api.web.strict import Strict
from admin_api.web.types import Body, Shown
from models.network.router_setup import SERVICES, Service


def _server(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("must be the server's IP address, as the router reaches it") from None
    if address.is_unspecified or address.is_multicast:
        raise ValueError("must be the server's IP address, as the router reaches it")
    return str(address)


def _services(text: str) -> str:
    words = [word.strip() for word in text.split(",")]
    if not words or any(word not in SERVICES for word in words) or len(set(words)) < len(words):
        raise ValueError(f"must be one or more of {', '.join(SERVICES)}, with commas between")
    return ",".join(words)


Server = Annotated[str, Field(max_length=45), AfterValidator(_server)]


class RadiusSeen(Shown):
    last_seen_at: datetime | None


class CoaCheck(Shown):
    """`code`: `ok`, `no_answer`, `bad_reply`, `refused_address`, `not_configured` (a network has no one address)."""

    ok: bool
    code: str


class ApiCheck(Shown):
    """`code`: `ok`, `no_answer`, `too_slow`, `refused`, `tls_failed`, `certificate_unknown`, `bad_login`,
    `not_logged_in`, `not_routeros`, `not_configured`, `refused_address`.

    `fingerprint` is what the router shows: compare it with `/certificate print detail` there, and PATCH the device's
    `api_fingerprint` to it.
    """

    ok: bool
    code: str
    text: str
    identity: str | None
    version: str | None
    board: str | None
    fingerprint: str | None


class FindingOut(Shown):
    code: str
    severity: Literal["error", "warning"]
    text: str
    cure: str


class TestOut(Shown):
    """What was seen of the device just now."""

    __test__ = False

    radius: RadiusSeen
    coa: CoaCheck
    api: ApiCheck
    findings: list[FindingOut]


class ComparedSession(Shown):
    """`is_local`: the router let this user in by its own list, whatever RADIUS says."""

    username: str | None
    session_id: str
    service: str
    on_router: bool
    in_books: bool
    is_local: bool
    framed_ip: str | None
    #: Seconds.
    uptime: int | None


class ComparedSessions(Shown):
    """The router's own list beside ours, and how many stand in one alone."""

    items: list[ComparedSession]
    only_on_router: int
    only_in_books: int


class NamedSession(Shown):
    username: str | None
    session_id: str


class RefusedSession(NamedSession):
    text: str


class Reconciled(Shown):
    """`ended` in the books, `removed` from the router, and what it `refused` to remove, with its words."""

    ended: list[NamedSession]
    removed: list[NamedSession]
    refused: list[RefusedSession]


class ConfigureIn(Body):
    """`server`: this server's address as the router reaches it; RADIUS_LISTEN where that is one address."""

    services: list[Service] = Field(default_factory=lambda: list(SERVICES), min_length=1, max_length=len(SERVICES))
    server: Server | None = None
    dry_run: bool = True


class UndoIn(Body):
    dry_run: bool = True


class RouterChange(Shown):
    """One change on the router; secrets are `***`. `name` is the row's, where a menu has rows."""

    path: str
    action: Literal["add", "set", "remove"]
    name: str | None = None
    before: dict[str, Any]
    after: dict[str, Any]


class Configured(Shown):
    changes: list[RouterChange]
    applied: bool
    notes: list[str]


class ScriptQuery(Strict):
    """`secret`: 1 puts the RADIUS secret into the script, which is written into the audit log."""

    services: Annotated[str, AfterValidator(_services)] = ",".join(SERVICES)
    server: Server | None = None
    secret: Literal["0", "1"] = "0"  # noqa: S105  # a switch


class HotspotQuery(Strict):
    """`color` of buttons, darkened until white letters on it can be read; `language` where the browser asks for none
    of the five."""

    color: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = "#1d4ed8"
    language: Language = DEFAULT
