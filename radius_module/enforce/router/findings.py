"""What is wrong with a router's set-up, each with its cure. Pure.

`error`: customers are let in wrongly, or not at all; `warning`: something that was configured does not work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from models.network import router_setup
from models.network.router_access import Unstarted
from radius_module.enforce.router import values
from radius_module.enforce.router.look import (
    AAA,
    CLOCK,
    DEVICE_MODE,
    HOTSPOT_USERS,
    HOTSPOTS,
    INCOMING,
    POOLS,
    PPPOE,
    RADIUS,
    SECRETS,
    USER_PROFILES,
    RouterState,
)  # fmt: skip

ERROR, WARNING = "error", "warning"
#: A clock is wrong by more than this, seconds: certificates and logs begin to lie.
_CLOCK_OFF = 300
_SHORTEST_TIMEOUT = 0.3
_NAMES_SHOWN = 5


class Finding(NamedTuple):
    code: str
    severity: str
    text: str
    cure: str


class Known(NamedTuple):
    """What is known beside the router's own word."""

    now: float
    coa_port: int
    #: Customers whose names stand among the router's local users.
    customers: Sequence[str] = ()
    unstarted: Sequence[Unstarted] = ()
    #: What the router's log says of them: name → line.
    log: dict[str, str] = {}  # noqa: RUF012  # never changed


def local_names(state: RouterState) -> list[str]:
    """Users that the router lets in without asking anybody."""
    return [row["name"] for menu in (SECRETS, HOTSPOT_USERS) for row in state.enabled(menu) if row.get("name")]


def findings(state: RouterState, known: Known) -> list[Finding]:
    """The worst first."""
    seen = [finding for look in _LOOKS for finding in look(state, known)]
    return sorted(seen, key=lambda finding: finding.severity != ERROR)


def _local_users(state: RouterState, known: Known) -> Iterator[Finding]:
    if known.customers:
        yield Finding(
            "local_user_wins", ERROR,
            f"The router has local users with the names of customers ({_listed(known.customers)}): it lets them in "
            "without plan, allowance or bill.",
            "Remove them: /ppp secret remove, /ip hotspot user remove.",
        )  # fmt: skip
    elif names := [name for name in local_names(state) if name != "default-trial"]:
        yield Finding(
            "local_user_wins", WARNING, f"The router has local users ({_listed(names)}), who never reach this server.",
            "Remove those who are customers: /ppp secret print, /ip hotspot user print.",
        )  # fmt: skip


def _client(state: RouterState, _known: Known) -> Iterator[Finding]:
    entries = state.enabled(RADIUS)
    ours = [row for row in entries if router_setup.is_marked(row.get("comment", ""))]
    served = {service for row in entries for service in row.get("service", "").split(",")}
    wanted = {"ppp"} if state.enabled(PPPOE) else set()
    wanted |= {"hotspot"} if state.enabled(HOTSPOTS) else set()
    for service in sorted(wanted - served):
        yield Finding(
            "radius_missing", ERROR, f"No RADIUS server is set for {service}.", "Run configure, or import the script."
        )
    for row in entries:
        timeout = values.seconds(row.get("timeout", "")) or 1.0
        if timeout <= _SHORTEST_TIMEOUT:
            yield Finding(
                "timeout_short", WARNING,
                f"The router waits {row.get('timeout')} for {row.get('address')}: refusals look like silence.",
                f"/radius set timeout={router_setup.TIMEOUT}",
            )  # fmt: skip
    if ours and not ours[0].get("secret"):
        yield Finding(
            "secret_hidden", WARNING, "The API user may not see the RADIUS secret, so a wrong one is not noticed.",
            "Give its group the policy `sensitive`.",
        )  # fmt: skip


def _asked_services(state: RouterState, _known: Known) -> Iterator[Finding]:
    if state.enabled(PPPOE) and not values.is_yes(state.single(AAA).get("use-radius")):
        yield Finding("radius_unused", ERROR, "PPP does not ask RADIUS.", "/ppp aaa set use-radius=yes")
    for profile in state.hotspot_profiles():
        if not values.is_yes(profile.get("use-radius")):
            yield Finding(
                "radius_unused", ERROR, f"The HotSpot profile {profile.get('name')} does not ask RADIUS.",
                "Set use-radius=yes in /ip hotspot profile.",
            )  # fmt: skip


def _incoming(state: RouterState, known: Known) -> Iterator[Finding]:
    incoming = state.single(INCOMING)
    if not values.is_yes(incoming.get("accept")):
        yield Finding(
            "radius_incoming_off", ERROR, "The router obeys no requests to its sessions: nobody can be cut or slowed.",
            f"/radius incoming set accept=yes port={known.coa_port}",
        )  # fmt: skip
    elif incoming.get("port") != str(known.coa_port):
        yield Finding(
            "radius_incoming_port", ERROR,
            f"The router listens for requests on port {incoming.get('port')}, and they are sent to {known.coa_port}.",
            f"Set coa_port of the device to {incoming.get('port')}, or the router's port to {known.coa_port}.",
        )  # fmt: skip


def _reports(state: RouterState, _known: Known) -> Iterator[Finding]:
    aaa = state.single(AAA)
    if state.enabled(PPPOE) and not (
        values.is_yes(aaa.get("accounting")) and (values.seconds(aaa.get("interim-update", "")) or 0) > 0
    ):
        yield Finding(
            "interim_off", ERROR, "PPP sessions are not reported while they run: allowances are noticed at their end.",
            f"/ppp aaa set accounting=yes interim-update={router_setup.INTERIM}",
        )  # fmt: skip
    for profile in state.hotspot_profiles():
        interval = profile.get("radius-interim-update", "")
        is_reported = values.is_yes(profile.get("radius-accounting"))
        if not is_reported or (interval != "received" and (values.seconds(interval) or 0) == 0):
            yield Finding(
                "interim_off", ERROR, f"Sessions of the HotSpot profile {profile.get('name')} are not reported.",
                "Set radius-accounting=yes radius-interim-update=received in /ip hotspot profile.",
            )  # fmt: skip


def _fasttrack(state: RouterState, _known: Known) -> Iterator[Finding]:
    if state.has_fasttrack:
        yield Finding(
            "fasttrack", WARNING, "FastTrack is on: packets pass by the queues, so a rate looks set and does nothing.",
            "Disable the fasttrack-connection rule in /ip firewall filter, or leave customers' addresses out of it.",
        )  # fmt: skip


def _pool(state: RouterState, _known: Known) -> Iterator[Finding]:
    pools = {row.get("name") for row in state.rows(POOLS)}
    default = next((row for row in state.rows(USER_PROFILES) if row.get("name") == "default"), {})
    pool = default.get("address-pool", "none")
    if state.enabled(HOTSPOTS) and pool not in ("none", "", *pools):
        yield Finding(
            "hotspot_profile_pool", ERROR,
            f"The HotSpot user profile `default` takes addresses from the pool {pool}, which is gone: every login "
            "fails after it was accepted.",
            "/ip hotspot user profile set default address-pool=none",
        )  # fmt: skip


def _device_mode(state: RouterState, _known: Known) -> Iterator[Finding]:
    mode = state.single(DEVICE_MODE)
    if mode and not values.is_yes(mode.get("hotspot", "yes")):
        yield Finding(
            "device_mode", ERROR, f"The device mode {mode.get('mode', '')} does not allow HotSpot.",
            "/system device-mode update hotspot=yes, and press the router's button within five minutes.",
        )  # fmt: skip


def _clock(state: RouterState, known: Known) -> Iterator[Finding]:
    clock = state.single(CLOCK)
    moment = values.epoch(clock.get("date", ""), clock.get("time", ""), clock.get("gmt-offset", ""))
    if moment is not None and abs(moment - known.now) > _CLOCK_OFF:
        yield Finding(
            "clock_wrong", WARNING, f"The router's clock says {clock.get('date')} {clock.get('time')}.",
            "/system ntp client set enabled=yes servers=… (usage is counted by the server's clock either way).",
        )  # fmt: skip


def _version(state: RouterState, _known: Known) -> Iterator[Finding]:
    if (0, 0) < values.version(state.version) < (7, 15):
        yield Finding(
            "version_old", WARNING,
            f"RouterOS {state.version} does not sign every request (CVE-2024-3596), and unsigned ones are dropped.",
            "Update to 7.15 or later; until then set require_message_authenticator of the device to false.",
        )  # fmt: skip


def _unstarted(state: RouterState, known: Known) -> Iterator[Finding]:
    for login in known.unstarted:
        line = known.log.get(login.username, "")
        said = f" Its log says: {line}" if line else ""
        yield Finding(
            "accepted_but_refused", ERROR,
            f"{login.username} was accepted ({login.times} times within the hour), and no session began.{said}",
            _cure_of(line, state),
        )  # fmt: skip


def _cure_of(line: str, state: RouterState) -> str:
    lower = line.lower()
    if "pool" in lower or "address" in lower:
        return (
            "The address pool of the login is missing or empty: /ip pool print, address_pool of the plan, and the pool "
            "of the HotSpot user profile `default`."
        )
    if "attribute" in lower or "parse" in lower:
        return "An attribute of the answer does not suit the router: look at the customer's and the plan's own rows."
    if state.enabled(HOTSPOTS):
        return "Look at /log print on the router; often it is the address-pool of the HotSpot user profile `default`."
    return "Look at /log print on the router; often it is a missing pool, or the profile of the PPPoE server."


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


_LOOKS: tuple[Callable[[RouterState, Known], Iterator[Finding]], ...] = (
    _local_users, _client, _asked_services, _incoming, _reports, _fasttrack, _pool, _device_mode, _clock, _version,
    _unstarted,
)  # fmt: skip
