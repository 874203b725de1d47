"""A minute of the demo tenant: two hundred customers, their router, an operator, and a line that says what happens."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from service.errors import Refusal
from service.host.settings import from_environment
from service.start import demo
from tests.demo.api import Api, ApiError
from tests.demo.town import Town
from tests.radius_client.dynamic import COA, DISCONNECT
from tests.radius_client.routeros import RouterOS
from tests.radius_client.serving import Serving

SECONDS = 60.0
#: Between two acts of the operator's, seconds.
ACT = 1.5


def main() -> int:
    """0 after a minute; 2 where there is no demo tenant, or nothing runs."""
    settings = from_environment(os.environ)
    description = demo.read(settings)
    if not settings.demo or "device" not in description:
        raise Refusal("There is no demo tenant: start once without DEMO=0 (make start), then make demo.")
    try:
        api = Api(description)
    except OSError as wrong:
        raise Refusal(f"The system does not answer at {description['api']} ({wrong}): make start.") from None
    device = f"/api/devices/{description['device']['id']}"
    port = api.call("GET", device)["coa_port"]
    router = RouterOS(description["device"]["ip_address"], description["device"]["secret"].encode(),
                      _address(description["radius"]["auth"]), _address(description["radius"]["acct"]))  # fmt: skip
    with Serving([router]):
        api.call("PATCH", device, {"coa_port": router.coa_port})
        try:
            _play(Town(api, router), router)
        finally:
            api.call("PATCH", device, {"coa_port": port})
    return 0


def _play(town: Town, router: RouterOS) -> None:
    _say("moving in …")
    town.move_in()
    began = last = acted = time.monotonic()
    while (now := time.monotonic()) - began < SECONDS:
        town.live(now - last)
        last = now
        if now - acted >= ACT:
            acted = now
            town.act()
        _say(_line(now - began, town, router))
        time.sleep(max(0.0, 0.5 - (time.monotonic() - now)))
    _say(_line(SECONDS, town, router) + "\n")
    town.go_home()
    _say("everybody has gone home\n")


def _line(seconds: float, town: Town, router: RouterOS) -> str:
    codes = [request.code for _, request in router.heard if request is not None]
    counts: dict[str, Any] = town.counts
    return (
        f"{seconds:4.0f} s  {town.online:3} online  {counts['logins']} logins, {counts['refused']} refused  "
        f"{counts['octets'] / 1e9:.2f} GB  {codes.count(COA)} CoA, {codes.count(DISCONNECT)} Disconnect, "
        f"{counts['cut']} cut  {town.last}"
    )


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def _say(line: str) -> None:
    sys.stdout.write(f"\r\x1b[K{line}" if sys.stdout.isatty() else f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (Refusal, ApiError) as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(2)
