"""The login process's socket: only the installation's own account is answered, and nonsense harms nobody."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import time

import pytest

from radius_module.ipc import question
from tests.support.portal import MACS, Portal, login_socket
from tests.wire.system import System
from tests.wire.tenant import Person, Tenant


@pytest.fixture
def tenant(wire_tenant: Tenant) -> Tenant:
    """In the installation whose FreeRADIUS runs."""
    return wire_tenant


def test_only_the_api_may_come_near(system: System) -> None:
    path, accounts = login_socket(system), system.installation.settings.accounts
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert stat.S_IMODE(path.parent.stat().st_mode) == (0o710 if accounts.are_apart else 0o700)
    assert (path.stat().st_uid, path.stat().st_gid) == (accounts.radius.uid, accounts.radius.gid)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_somebody_else_gets_no_answer_even_through_an_open_door(tenant: Tenant, system: System) -> None:
    fields = {"kind": "explain", "until": 1e18, "mark": None, "isp_id": tenant.isp_id, "mac": "", "device_id": None,
                "customer_id": tenant.customer("ann").id}  # fmt: skip
    assert tenant.login(Person(0, "ann", "customer123")).accepted, "the question can be answered by now"
    path = login_socket(system)

    def asked_as(become: str) -> subprocess.CompletedProcess[bytes]:
        program = (
            f"import os, socket, sys; {become}; s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET);"
            "s.settimeout(2); s.connect(sys.argv[1]); s.sendall(sys.argv[2].encode()); print(len(s.recv(9)))"
        )
        ask = [sys.executable, "-S", "-c", program, str(path), json.dumps(fields)]
        return subprocess.run(ask, capture_output=True, check=False)

    somebody = "os.setgroups([]); os.setgid(65534); os.setuid(65534)"
    assert asked_as("pass").stdout == b"9\n", "root may"
    assert b"PermissionError" in asked_as(somebody).stderr
    shut = [place for place in (path, *path.parents) if not place.stat().st_mode & 0o001 or place == path]
    modes = {place: stat.S_IMODE(place.stat().st_mode) for place in shut}
    try:
        for place, mode in modes.items():
            place.chmod(mode | 0o007)
        answer = asked_as(somebody)
    finally:
        for place, mode in modes.items():
            place.chmod(mode)
    assert answer.stdout == b"0\n" or b"ConnectionResetError" in answer.stderr or b"BrokenPipe" in answer.stderr, answer


def test_nonsense_is_not_answered_and_harms_nobody(portal: Portal, tenant: Tenant, system: System) -> None:
    system.expect_log("a question cannot be answered")
    ann = tenant.customer("ann")
    for octets in (
        b"x", b"{}", b"[]", b"null", b"\xff" * 100, b"9" * question.LARGEST_QUESTION, b"[" * 8000, b"a" * 9000,
        b'{"kind": "login", "until": 1e18, "mark": null}', b'{"kind": "x", "until": 1e18, "mark": null}',
        b'{"kind": "login", "until": 0, "mark": null}', b'{"kind": "login", "until": 1e18, "mark": "x"}',
    ):  # fmt: skip
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
            link.settimeout(2)
            link.connect(str(login_socket(system)))
            link.sendall(octets)
            assert link.recv(100) == b"", octets
    silent = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(4)]
    for link in silent:
        link.connect(str(login_socket(system)))
    begun = time.monotonic()
    assert portal.login(ann).status == 200 and time.monotonic() - begun < 0.9
    for link in silent:
        link.close()


def test_a_mark_that_is_never_heard_leaves_nothing_done(tenant: Tenant, system: System) -> None:
    ann = tenant.customer("ann")
    fields: dict[str, object] = {"isp_id": tenant.isp_id, "username": ann.username, "password": ann.password,
                                 "address": tenant.router.address, "mac": MACS[0]}  # fmt: skip
    begun = time.monotonic()
    assert question.ask(login_socket(system), "login", time.monotonic_ns() + 10**15, fields) is None
    assert time.monotonic() - begun < 1
    assert tenant.login(ann, mac=MACS[1]).accepted
    assert tenant.codes(1) == ["accept"]
