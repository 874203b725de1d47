"""hostapd and wpa_supplicant, Debian's: a wired 802.1X session that our Disconnect ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.network.peers import Namespace, need, says
from tests.network.world import Workers, eventually
from tests.wire.api import Api
from tests.wire.system import System

HOSTAPD = """
interface={interface}
driver=wired
ieee8021x=1
eapol_version=2
use_pae_group_addr=1
eap_server=1
eap_user_file={users}
own_ip_addr=127.0.0.1
nas_identifier=hostapd
acct_server_addr=127.0.0.1
acct_server_port={accounting}
acct_server_shared_secret={secret}
radius_acct_interim_interval=60
radius_das_port={port}
radius_das_client=127.0.0.1 {secret}
radius_das_require_event_timestamp=1
radius_das_require_message_authenticator=1
"""
SUPPLICANT = """
ap_scan=0
network={{
    key_mgmt=IEEE8021X
    eap=MD5
    identity="{name}"
    password="a password"
}}
"""


@pytest.fixture
def cable() -> Iterator[Namespace]:
    need("hostapd", "wpa_supplicant", "ip")
    namespace = Namespace("h")
    yield namespace
    namespace.close()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_a_disconnect_ends_a_session_of_hostapds(
    system: System, worker: Workers, cable: Namespace, tmp_path: Path
) -> None:
    isp_id, device = system.demo["isp"]["id"], system.demo["device"]
    name, port = f"wired{system.number()}", free_port()
    system.sql("update mikrotik_devices set coa_port = :port where id = :id", port=port, id=device["id"])
    (tmp_path / "users").write_text(f'"{name}" MD5 "a password"\n')
    (tmp_path / "hostapd.conf").write_text(HOSTAPD.format(
        interface=cable.near, users=tmp_path / "users", secret=device["secret"], port=port,
        accounting=system.installation.settings.radius_acct_port))  # fmt: skip
    (tmp_path / "supplicant.conf").write_text(SUPPLICANT.format(name=name))
    api = Api(system, isp_id)
    api.call("POST", "/api/billing/customers", {"username": name, "password": "a password", "service_plan_id": None})
    cable.start(tmp_path / "hostapd.log", "hostapd", "-d", str(tmp_path / "hostapd.conf"), inside=False)
    says(tmp_path / "hostapd.log", "AP-ENABLED")
    cable.start(tmp_path / "supplicant.log", "wpa_supplicant", "-D", "wired", "-i", cable.far,
                "-c", str(tmp_path / "supplicant.conf"))  # fmt: skip
    says(tmp_path / "supplicant.log", "CTRL-EVENT-CONNECTED")
    says(tmp_path / "hostapd.log", "starting accounting session ")
    said = (tmp_path / "hostapd.log").read_text(errors="replace")
    session_id = said.partition("starting accounting session ")[2].split()[0]
    online: list[dict[str, Any]] = []

    def is_online() -> bool:
        listed = api.call("GET", "/api/billing/sessions?per_page=100")["items"]
        online[:] = [one for one in listed if one["session_id"] == session_id]
        return bool(online)

    eventually(is_online, True)
    made = api.call("POST", f"/api/billing/sessions/{online[0]['id']}/disconnect")["requests"]
    says(tmp_path / "hostapd.log", "Found a matching session")
    state = "select status, error, step from outbox where id = :id"
    eventually(lambda: system.sql(state, id=made[0])[0][:2], ("done", None))
    learnt = "select true from device_abilities where device_id = :id and disconnect"
    # The Stop may be booked before the ACK is.
    eventually(lambda: system.sql(learnt, id=device["id"]), [(True,)])
