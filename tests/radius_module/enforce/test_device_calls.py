"""Calls to routers take two seats and no more, answer whatever goes wrong, and let nothing of a fault's text out."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from models.network import router_access
from models.network.router_access import RouterDevice
from models.secrets.keyring import Keyring
from radius_module.enforce.router.calls import CallListener
from radius_module.enforce.router.reach import Ground
from radius_module.enforce.routeros import RouterError
from radius_module.ipc import device_call, unix_socket

DEVICE = RouterDevice(1, 7, "127.0.0.9/32", 3799, "", None, 8729, None, None, True, None, True, None, None)


@contextmanager
def listening(path: Path, act: Any) -> Iterator[None]:
    """A listener whose `test` is `act`."""
    ground = Ground(Keyring.parse(f"1:{base64.b64encode(bytes(range(32))).decode()}"), (), True, None, 1812, 1813)
    listener = CallListener(create_engine("sqlite://"), ground)
    listener._acts["test"] = act
    listener.start(path)
    yield


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(router_access, "router_device", lambda _connection, _isp, _device: DEVICE)
    return device_call.socket_path(tmp_path)


def call(path: Path) -> dict[str, Any]:
    return device_call.call(path, "test", {"isp_id": 1, "device_id": 7})


def test_two_routers_are_asked_at_once_and_a_third_call_is_refused_at_once(path: Path) -> None:
    going_on = threading.Event()
    inside = threading.Semaphore(0)

    def wait(*_: object) -> dict[str, Any]:
        inside.release()
        going_on.wait(20)
        return {"done": True}

    with listening(path, wait), ThreadPoolExecutor(2) as callers:
        waiting = [callers.submit(call, path) for _ in range(device_call.SEATS)]
        assert all(inside.acquire(timeout=20) for _ in waiting)
        began = time.monotonic()
        assert call(path)["failed"] == device_call.BUSY
        assert time.monotonic() - began < 5
        going_on.set()
        assert [each.result() for each in waiting] == [{"done": True}] * 2
        assert call(path) == {"done": True}, "a seat is given back"


@pytest.mark.parametrize(("error", "code"), [
    (RouterError("bad_login", "no"), "bad_login"),
    (OperationalError("select 1", {}, Exception()), "database_unavailable"),
    (KeyError("hunter2"), "failed"),
])  # fmt: skip
def test_whatever_goes_wrong_is_an_answer(
    path: Path, error: Exception, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> dict[str, Any]:
        raise error

    with listening(path, fail):
        assert call(path)["failed"] == code
        assert device_call.call(path, "no such kind", {"isp_id": 1, "device_id": 7})["failed"] == "failed"
    assert "hunter2" not in caplog.text


def test_a_long_answer_arrives_whole(path: Path) -> None:
    with listening(path, lambda *_: {"items": ["x" * 1000] * 3000}):
        assert len(call(path)["items"]) == 3000


def test_without_a_worker_it_says_so(tmp_path: Path) -> None:
    path = device_call.socket_path(tmp_path)
    with pytest.raises(device_call.WorkerUnavailable):
        call(path)
    unix_socket.listening(path, device_call.socket.SOCK_STREAM, 1).close()
    with pytest.raises(device_call.WorkerUnavailable):
        call(path)
