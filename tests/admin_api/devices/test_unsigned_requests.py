"""Requests that are dropped for want of a signature: nobody answers them, so the device's page and metrics tell."""

from __future__ import annotations

import time

from apiflask import APIFlask

from tests.admin_api.operation.test_metrics import figures, of
from tests.radius_client import Integrity
from tests.support.caller import Caller
from tests.wire.system import System
from tests.wire.tenant import PASSWORD
from tests.wire.tenant import Tenant as WireTenant


def test_they_are_shown_at_the_device_and_in_metrics(running_app: APIFlask, system: System, operator: Caller) -> None:
    tenant, stranger = WireTenant(system), WireTenant(system)
    tenant.customer()
    api = operator.inside(tenant.isp_id)
    path = f"/api/devices/{tenant.router.device_id}"
    before = api.get(path).data
    assert (before["unsigned_requests"], before["unsigned_last_at"]) == (0, None)
    since = time.time()
    for _ in range(3):
        assert tenant.router.ignored(tenant.router.request("john", PASSWORD, integrity=Integrity.ABSENT))
    assert tenant.router.login("john", PASSWORD).accepted
    time.sleep(1.5)
    shown = api.get(path).data
    assert shown["unsigned_requests"] == 3
    assert shown["unsigned_last_at"] >= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(since))
    assert [item["unsigned_requests"] for item in api.get("/api/devices").data["items"]] == [3]
    others = operator.inside(stranger.isp_id).get("/api/devices").data["items"]
    assert [item["unsigned_requests"] for item in others] == [0]
    assert of(figures(running_app), "infora_unsigned_requests_total", device_id=str(tenant.router.device_id)) == 3
