"""The worker's end of ipc/device_call.py: threads beside the loop that do with routers what the API asks for."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from models.network import router_access
from models.network.router_access import RouterDevice
from radius_module.enforce.router import check, reconcile
from radius_module.enforce.router.reach import Ground
from radius_module.enforce.router.setup import configure
from radius_module.enforce.routeros import RouterError
from radius_module.ipc import device_call, unix_socket
from radius_module.ipc.device_call import Answer

log = logging.getLogger("radius_module.enforce")

#: A call follows its connection at once, seconds.
_ARRIVES_WITHIN = 1.0
Act = Callable[[RouterDevice, float, dict[str, Any]], Answer]


class CallListener:
    """Answers `test`, `sessions`, `reconcile`, `configure` and `undo`, so many at once and no more."""

    def __init__(self, engine: Engine, ground: Ground) -> None:
        self._engine, self._ground = engine, ground
        self._seats = threading.BoundedSemaphore(device_call.SEATS)
        self._acts: dict[str, Act] = {
            "test": lambda device, until, _: check.check(engine, ground, device, until),
            "sessions": self._sessions,
            "reconcile": lambda device, until, _: reconcile.reconcile(engine, ground, device, until),
            "configure": self._configure,
            "undo": self._undo,
        }

    def start(self, path: Path, asked_by: Collection[int] = ()) -> None:
        """Listen, for this account and those of the API (`asked_by`). Requests to devices go on where that fails."""
        try:
            listener = unix_socket.listening(path, socket.SOCK_STREAM, backlog=16, mode=0o660)
        except OSError as error:
            log.error("the API cannot ask the worker: %s", error)
            return
        threading.Thread(target=self._serve, args=(listener, asked_by), name="device calls", daemon=True).start()

    def _serve(self, listener: socket.socket, asked_by: Collection[int]) -> None:
        while True:
            try:
                link = unix_socket.accept_ours(listener, asked_by)
            except OSError as error:
                log.error("the API cannot ask the worker any more: %s", error)
                return
            threading.Thread(target=self._answer, args=(link,), name="device call", daemon=True).start()

    def _answer(self, link: socket.socket) -> None:
        with link, suppress(OSError, ValueError):
            # Read whole, whatever is answered: what is closed over unread octets loses its answer.
            asked = device_call.read_all(link, device_call.LARGEST_CALL, time.monotonic() + _ARRIVES_WITHIN)
            if not asked:  # only whether anybody listens
                return
            answer = _failure(device_call.BUSY, "Two routers are being asked already.")
            if self._seats.acquire(blocking=False):
                try:
                    answer = self._act(asked)
                finally:
                    self._seats.release()
            link.settimeout(_ARRIVES_WITHIN)
            link.sendall(answer)

    def _act(self, octets: bytes) -> bytes:
        try:
            asked = json.loads(octets)
            act = self._acts[str(asked["kind"])]
            return json.dumps(self._of_device(act, asked)).encode()
        except RouterError as error:
            return _failure(error.code, str(error), error.fingerprint)
        except SQLAlchemyError:
            return _failure("database_unavailable", "The database does not answer at the moment.")
        except Exception as error:
            # Its text may hold what was sent or read.
            log.warning("a device cannot be asked: %s", type(error).__name__)
            return _failure("failed", "Something went wrong on the server.")

    def _of_device(self, act: Act, asked: dict[str, Any]) -> Answer:
        until = time.monotonic() + device_call.LIMIT
        with self._engine.connect() as connection:
            device = router_access.router_device(connection, int(asked["isp_id"]), int(asked["device_id"]))
        if device is None:
            raise RouterError("not_configured", "There is no such device.")
        return act(device, until, asked)

    def _sessions(self, device: RouterDevice, until: float, _asked: dict[str, Any]) -> Answer:
        pairs = reconcile.listed(self._engine, self._ground, device, until)
        return {
            "items": [pair.shown() for pair in pairs],
            "only_on_router": sum(pair.in_books is None for pair in pairs),
            "only_in_books": sum(pair.on_router is None for pair in pairs),
        }

    def _configure(self, device: RouterDevice, until: float, asked: dict[str, Any]) -> Answer:
        return configure.configure(
            self._engine, self._ground, device, until,
            services=asked["services"], server=str(asked["server"]), dry_run=bool(asked["dry_run"]),
        )  # fmt: skip

    def _undo(self, device: RouterDevice, until: float, asked: dict[str, Any]) -> Answer:
        return configure.take_back(self._engine, self._ground, device, until, dry_run=bool(asked["dry_run"]))


def _failure(code: str, text: str, fingerprint: str | None = None) -> bytes:
    return json.dumps({"failed": code, "text": text, "fingerprint": fingerprint}).encode()
