"""The test of a device: when it was last heard of, whether it hears requests, what its API says, and what is wrong."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import Engine

from models.network import router_access
from models.network.addresses import single_address
from models.network.router_access import RouterDevice, Unstarted
from radius_module.enforce.router import coa_probe
from radius_module.enforce.router.findings import Known, findings, local_names
from radius_module.enforce.router.look import RouterState, look
from radius_module.enforce.router.reach import Ground, access_of
from radius_module.enforce.routeros import Router, RouterError, Row

_LOG = "/log"
_probing = ThreadPoolExecutor(2, thread_name_prefix="coa probe")


def check(engine: Engine, ground: Ground, device: RouterDevice, until: float) -> dict[str, Any]:
    """Everything that the test answers; whatever fails is a code in it."""
    coa = _probing.submit(coa_probe.answers, ground, device, single_address(device.network))
    api, state, log = _api(ground, device, until)
    seen = [] if state is None else _findings(engine, device, state, log)
    code = coa.result()
    return {
        "radius": {"last_seen_at": device.last_seen},
        "coa": {"ok": code == "ok", "code": code},
        "api": api,
        "findings": [finding._asdict() for finding in seen],
    }


def _api(ground: Ground, device: RouterDevice, until: float) -> tuple[dict[str, Any], RouterState | None, list[Row]]:
    answer: dict[str, Any] = {"ok": False, "code": "ok", "identity": None, "version": None, "board": None,
                              "fingerprint": device.api_fingerprint, "text": ""}  # fmt: skip
    try:
        with Router(access_of(ground, device), until) as router:
            state = look(router)
            log = router.rows_if_any(_LOG, ["topics", "message"]) or []
    except RouterError as error:
        if error.code == "librouteros_missing":
            raise
        shown = error.fingerprint or device.api_fingerprint
        return answer | {"code": error.code, "text": str(error), "fingerprint": shown}, None, []
    return answer | {
        "ok": True, "identity": state.identity, "version": state.version, "board": state.board,
    }, state, log  # fmt: skip


def _findings(engine: Engine, device: RouterDevice, state: RouterState, log: Sequence[Row]) -> Sequence[Any]:
    with engine.connect() as connection:
        customers = router_access.customers_named(connection, device.isp_id, local_names(state))
        unstarted = router_access.accepted_without_start(connection, device.isp_id, device.id)
    return findings(state, Known(time.time(), device.coa_port, customers, unstarted, _said(log, unstarted)))


def _said(log: Sequence[Row], unstarted: Sequence[Unstarted]) -> dict[str, str]:
    """The router's last line about each of them that speaks of a failure."""
    lines: dict[str, str] = {}
    for row in log:
        message = row.get("message", "")
        for login in unstarted:
            failed = any(word in message.lower() for word in ("fail", "could not", "no address", "cannot", "error"))
            if failed and login.username and login.username in message:
                lines[login.username] = message[:200]
    return lines
