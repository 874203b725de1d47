"""The login process's end of ipc/question.py: a few threads beside the hooks that answer the API by their functions.

`login` takes a slot, counts guesses and records the result as on the wire; `explain` changes nothing; `report` passes
on an accounting record that the API has booked, as the feed does with those that devices sent.
"""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any

from models.accounting.records import AccountingRecord
from models.names import station
from radius_module.auth.server import AuthServer
from radius_module.directory.owner import apply_record
from radius_module.ipc import question, unix_socket
from radius_module.ipc.question import LARGEST_ANSWER, LARGEST_QUESTION, Answer
from radius_module.login import over_http

log = logging.getLogger(__name__)

#: The API has eight threads; a question that waits for the directory must not stop the others.
_THREADS = 4
#: A question follows its connection at once, seconds.
_PATIENCE = 0.2


class QuestionListener:
    """Listens and answers."""

    def __init__(self, server: AuthServer) -> None:
        self._server = server
        self._answers: dict[str, Callable[[dict[str, Any]], Answer | None]] = {
            "login": self._login,
            "explain": self._explain,
            "report": self._report,
        }

    def start(self) -> None:
        """Listen, for the API and this account alone. Logins on the wire go on where that fails."""
        path = question.socket_path(self._server.settings.socket_dir)
        try:
            listener = unix_socket.listening(path, socket.SOCK_SEQPACKET, backlog=64, mode=0o660)
        except OSError as error:
            log.error("the API cannot ask the login process: %s", error)
            return
        for _ in range(_THREADS):
            Thread(target=self._serve, args=(listener,), name="questions", daemon=True).start()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            with unix_socket.accept_ours(listener, self._server.settings.asked_by) as link:
                try:
                    self._answer(link)
                except OSError:
                    continue  # the API has gone
                except Exception as error:
                    # Its text may hold what was sent.
                    log.warning("a question cannot be answered: %s", type(error).__name__)

    def _answer(self, link: socket.socket) -> None:
        link.settimeout(_PATIENCE)
        octets = link.recv(LARGEST_QUESTION + 1)
        if not 0 < len(octets) <= LARGEST_QUESTION:
            return
        asked = json.loads(octets)
        until, mark = float(asked.pop("until")), asked.pop("mark")
        if mark is not None and not self._server.marks.wait(int(mark), until):
            return
        if time.monotonic() < until and (answer := self._answers[asked.pop("kind")](asked)) is not None:
            octets = json.dumps(answer).encode()
            with suppress(TimeoutError):
                link.sendall(octets if len(octets) <= LARGEST_ANSWER else b"{}")

    def _login(self, asked: dict[str, Any]) -> Answer | None:
        """{code, reply, delay}; None while facts are too old, when the wire is silent."""
        now, isp_id = time.time(), int(asked["isp_id"])
        if self._server.is_too_stale(isp_id, now):
            return None
        username, password = str(asked["username"]), str(asked["password"])
        return over_http.answer(self._server, isp_id, username, password, str(asked["address"]), str(asked["mac"]), now)

    def _explain(self, asked: dict[str, Any]) -> Answer | None:
        """{code, reply, rules: [[code, passed, facts]]} of a login with the right password now."""
        isp_id, contents = int(asked["isp_id"]), self._server.directory.contents
        customer = contents.customers.get(int(asked["customer_id"]))
        _network, device = contents.devices.get(int(asked["device_id"] or 0), (None, None))
        if customer is None or customer.isp_id != isp_id or (device is not None and device.isp_id != isp_id):
            return None
        return over_http.explained(self._server, isp_id, customer, device, str(asked["mac"]), time.time())

    def _report(self, asked: dict[str, Any]) -> Answer:
        """The slots that it takes or frees, the sessions that it shows to be over, and what was booked for it."""
        server, address = self._server, str(asked["address"])
        name, mac = str(asked["username"]).encode(), station(str(asked["mac"]))
        record = AccountingRecord(
            str(asked["status"]), int(asked["isp_id"]), int(asked["device_id"]), str(asked["session_id"]).encode(),
            bytes.fromhex(str(asked["klass"])), name,
            float(asked["received"]), session_time=asked["session_time"],
            octets_in=int(asked["octets_in"]), octets_out=int(asked["octets_out"]), mac=mac, nas_address=address,
        )  # fmt: skip
        for end in apply_record(server.directory, server.online, record):
            server.spool.put_later(end)
        for end in server.online.apply_booking(asked["totals"], asked["sessions"], time.time()):
            server.spool.put_later(end)
        return {}
