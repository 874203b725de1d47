"""The set-up of a router as a script that may be imported twice, for RouterOS 6.49 and 7. Pure.

Each statement stands alone: in an imported file a variable does not outlive its line. Servers, profiles and pools are
looked up on the router; nothing but our own row and settings is written, and nothing at all beside a foreign set-up.
"""

from __future__ import annotations

from typing import NamedTuple

from admin_api.devices.routeros_text import quoted, remark
from models.network import router_setup
from models.network.router_setup import HOTSPOT, PPP

#: Stands where the secret belongs, in a script that was made without it.
PLACEHOLDER = "THE-RADIUS-SECRET"


class ForRouter(NamedTuple):
    """What a script is about. `secret`: None for the placeholder; `source`: the device's address, if it is one."""

    device_id: int
    name: str
    services: tuple[str, ...]
    server: str
    auth_port: int
    acct_port: int
    coa_port: int
    source: str | None
    secret: str | None


def script(wanted: ForRouter) -> str:
    """Its text, with line ends as RouterOS takes them."""
    parts = [
        remark(f"Infora WiFi Billing: RADIUS for the device {wanted.device_id}, {wanted.name}."),
        remark("It may be imported again: what is right already stays. Nothing is changed beside a foreign set-up."),
        *_guards(wanted),
        *_client(wanted),
        _set("/radius incoming", router_setup.incoming(wanted.coa_port)),
    ]
    if PPP in wanted.services:
        parts += [remark("PPP asks this server, and reports."), _set("/ppp aaa", router_setup.PPP_AAA)]
    if HOTSPOT in wanted.services:
        parts += [remark("So do the profiles of all HotSpot servers."), _profiles()]
    parts.append(f":put {quoted('Infora: done. Try a login, then: /radius monitor 0')}")
    return "\n".join(parts) + "\n"


def _guards(wanted: ForRouter) -> list[str]:
    """What ends the import before its first change."""
    guards = []
    if wanted.secret is None:
        head, tail = PLACEHOLDER[:10], PLACEHOLDER[10:]
        text = "Infora: first put the RADIUS secret of the device into this file."
        guards += [
            remark(f"Replace {PLACEHOLDER} everywhere by the device's secret, or fetch the script with secret=1."),
            f":if ({quoted(PLACEHOLDER)} = ({quoted(head)} . {quoted(tail)})) do={{:error {quoted(text)}}}",
        ]
    for service in wanted.services:
        text = f"Infora: /radius has an entry for {service} that was not made by this script: remove or disable it."
        guards.append(
            ":foreach entry in=[/radius find where disabled=no] do={"
            f':if ([:typeof [:find [:tostr [/radius get $entry service]] {quoted(service)}]] != "nil"'
            f' && !([:tostr [/radius get $entry comment]] ~ "^infora device ")) do={{:error {quoted(text)}}}}}'
        )
    return guards


def _client(wanted: ForRouter) -> list[str]:
    values = router_setup.client(
        wanted.device_id, wanted.services, wanted.server, wanted.auth_port, wanted.acct_port, None
    )
    comment = quoted(values.pop("comment"))
    secret = quoted(PLACEHOLDER if wanted.secret is None else wanted.secret)
    find = f"[find where comment={comment}]"
    lines = [
        f":if ([:len [/radius find where comment={comment}]] = 0) do="
        f"{{/radius add service={values['service']} address={wanted.server} secret={secret} comment={comment}}}",
        _set(f"/radius set {find}", values, f"secret={secret}"),
    ]
    if wanted.source is not None and ":" not in wanted.source:
        pattern = quoted(f"^{wanted.source.replace('.', chr(92) + '.')}/")
        lines += [
            remark("Packets come from the address that the server knows, where it is the router's own."),
            f":if ([:len [/ip address find where address~{pattern}]] > 0) do="
            f"{{/radius set {find} src-address={wanted.source}}}",
        ]
    return lines


def _profiles() -> str:
    values = " ".join(f"{name}={value}" for name, value in router_setup.HOTSPOT_PROFILE.items())
    return (
        ":foreach server in=[/ip hotspot find where disabled=no] do={"
        ":local profileName [/ip hotspot get $server profile]; "
        f"/ip hotspot profile set [find where name=$profileName] {values}}}"
    )


def _set(menu: str, values: dict[str, str], *more: str) -> str:
    words = [f"{name}={value}" for name, value in values.items()]
    return " ".join([menu if " set " in menu else f"{menu} set", *words, *more])
