"""The login process's end of asking.py: a few threads, beside the hooks, that answer the API by the hooks' functions.

`login` takes a place, counts guesses and records the result as on the wire; `explain` changes nothing; `report` tells
of a session's report that the API has booked, as the feed tells of those that routers sent.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any, cast

from models.accounting.records import AccountingRecord
from models.accounting.session_id import make_class
from models.names import station
from radius_module.auth.server import AuthServer
from radius_module.ipc import question as asking
from radius_module.ipc.question import LARGEST_ANSWER, LARGEST_QUESTION, Answer
from radius_module.login import login, passwords
from radius_module.login.facts import gather
from radius_module.login.over_http import NOWHERE, HttpLogin, unnamed_station
from radius_module.packets.access_request import LoginRequest
from radius_module.packets.wire_line import Origin
from radius_module.replies import outcome
from radius_module.rules import explain

log = logging.getLogger(__name__)

#: The API has eight threads; a question that waits for the directory must not stop the others.
_THREADS = 4
#: Whoever connects sends at once, seconds.
_PATIENCE = 0.2
_CREDENTIALS = struct.Struct("3i")


class QuestionListener:
    """Listens, answers."""

    def __init__(self, server: AuthServer) -> None:
        self._server = server
        self._answers: dict[str, Callable[[dict[str, Any]], Answer | None]] = {
            "login": self._login,
            "explain": self._explain,
            "report": self._report,
        }

    def start(self) -> None:
        """Listen, for this installation's own account alone. Logins go on where that cannot be."""
        path = asking.socket_path(self._server.settings.socket_dir)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            door.bind(str(path))
            path.chmod(0o600)
            door.listen(64)
        except OSError as wrong:
            log.error("the API cannot ask here: %s", wrong)
            return
        for _ in range(_THREADS):
            Thread(target=self._serve, args=(door,), name="asked", daemon=True).start()

    def _serve(self, door: socket.socket) -> None:
        while True:
            link, _ = door.accept()
            with link:
                try:
                    self._answer(link)
                except OSError:
                    continue  # whoever asked has gone
                except Exception as wrong:
                    # Its text may hold what was sent.
                    log.warning("a question cannot be answered: %s", type(wrong).__name__)

    def _answer(self, link: socket.socket) -> None:
        if not _is_ours(link):
            return
        link.settimeout(_PATIENCE)
        octets = link.recv(LARGEST_QUESTION + 1)
        if not 0 < len(octets) <= LARGEST_QUESTION:
            return
        question = json.loads(octets)
        until, mark = float(question.pop("until")), question.pop("mark")
        if mark is not None and not self._server.marks.wait(int(mark), until):
            return
        if time.monotonic() < until and (answer := self._answers[question.pop("kind")](question)) is not None:
            said = json.dumps(answer).encode()
            with suppress(TimeoutError):
                link.sendall(said if len(said) <= LARGEST_ANSWER else b"{}")

    def _login(self, asked: dict[str, Any]) -> Answer | None:
        """{code, reply, delay}; None while facts are too old, when the wire is silent."""
        server, now = self._server, time.time()
        isp_id, address, mac = int(asked["isp_id"]), str(asked["address"]), station(str(asked["mac"]))
        if server.is_too_stale(isp_id, now):
            return None
        visit = HttpLogin(server, isp_id, address, mac)
        device = visit.device(address)
        origin = Origin(address, isp_id, NOWHERE if device is None else device.id)
        name, password = str(asked["username"]).encode(), str(asked["password"]).encode()
        request = LoginRequest(origin, name, password, b"", b"", is_mschap=False, mac=mac)
        customer = server.directory.customer(isp_id, name)
        authentic = customer is not None and passwords.proves(request, customer, server.keyring)
        # A visit is what `answer` uses of a login server.
        answered = login.answer(cast(AuthServer, visit), request, customer, authentic, now)
        if visit.result is None:
            return None
        reply, delay = outcome.of_answer(answered[1]["reply"])
        return {"code": visit.result.code, "reply": reply, "delay": delay}

    def _explain(self, asked: dict[str, Any]) -> Answer | None:
        """{code, reply, rules: [[code, passed, facts]]} of a login with the right password now."""
        server, now, isp_id = self._server, time.time(), int(asked["isp_id"])
        contents = server.directory.contents
        customer = contents.customers.get(int(asked["customer_id"]))
        _network, device = contents.devices.get(int(asked["device_id"] or 0), (None, None))
        if customer is None or customer.isp_id != isp_id or (device is not None and device.isp_id != isp_id):
            return None
        mac = station(str(asked["mac"]))
        verdict, findings = explain(gather(server.directory, server.live, isp_id, device, customer, mac, True, now))
        told = outcome.outcome(verdict, make_class(now))
        return {"code": told.code, "reply": told.reply, "rules": [list(finding) for finding in findings]}

    def _report(self, asked: dict[str, Any]) -> Answer:
        """The places that it takes or frees, the sessions that it shows to be over, and what was booked for it."""
        server, address = self._server, str(asked["address"])
        name, mac = str(asked["username"]).encode(), station(str(asked["mac"]))
        report = AccountingRecord(
            str(asked["status"]), int(asked["isp_id"]), int(asked["device_id"]), str(asked["session_id"]).encode(),
            b"" if mac else unnamed_station(address), name, float(asked["received"]),
            octets_in=int(asked["octets_in"]), octets_out=int(asked["octets_out"]), mac=mac, nas_address=address,
        )  # fmt: skip
        customer = server.directory.customer(report.isp_id, name)
        if customer is not None:
            for end in server.live.hear(report, customer.id, customer.period_start(report.received)):
                server.spool.put_later(end)
            for end in server.live.booked(asked["totals"], asked["sessions"], time.time()):
                server.spool.put_later(end)
        return {"heard": customer is not None}


def _is_ours(link: socket.socket) -> bool:
    """Asked by this account or by root? The socket's mode says so already; a directory may be opened by mistake."""
    _pid, uid, _gid = _CREDENTIALS.unpack(link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return uid in (os.geteuid(), 0)
