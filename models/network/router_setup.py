"""What a router is set to so that this server decides its logins: the values, wherever they are applied from.

By a script (admin_api.devices.script) or through the router's own API (radius_module.enforce.router). Names of servers,
profiles and pools are the router's own and never stand here.
"""

from __future__ import annotations

from typing import Final, Literal

PPP: Final = "ppp"
HOTSPOT: Final = "hotspot"
Service = Literal["ppp", "hotspot"]
SERVICES: Final[tuple[Service, ...]] = (PPP, HOTSPOT)

#: RouterOS waits 100, 300 or 1100 ms by itself, by version: the least of them shows refusals as silence.
TIMEOUT: Final = "1100ms"
#: How often PPP sessions are reported, in RouterOS' own notation and in seconds.
INTERIM: Final = "5m"
INTERIM_SECONDS: Final = 300

PPP_AAA: Final = {"use-radius": "yes", "accounting": "yes", "interim-update": INTERIM}
#: `received`: the server says how often.
HOTSPOT_PROFILE: Final = {"use-radius": "yes", "radius-accounting": "yes", "radius-interim-update": "received"}


def mark(device_id: int) -> str:
    """The comment of the rows that are ours on a router."""
    return f"infora device {device_id}"


def is_marked(comment: str) -> bool:
    return comment.startswith("infora device ")


def incoming(coa_port: int) -> dict[str, str]:
    """Requests to sessions are obeyed, at the port that they are sent to."""
    return {"accept": "yes", "port": str(coa_port)}


def client(
    device_id: int, services: tuple[str, ...], server: str, auth_port: int, acct_port: int, source: str | None
) -> dict[str, str]:
    """The row of `/radius`, without its secret. `source`: where the router's packets are to come from."""
    values = {
        "service": ",".join(services), "address": server, "authentication-port": str(auth_port),
        "accounting-port": str(acct_port), "timeout": TIMEOUT, "comment": mark(device_id), "disabled": "no",
    }  # fmt: skip
    return values | ({"src-address": source} if source else {})
