"""A relay in a network namespace of its own, whose packets can be dropped: nothing is acknowledged any more."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from service.host.settings import HOME

_HERE, _THERE, _PORT = "10.203.77.1", "10.203.77.2", 15432


class DroppingNetwork:
    """The same as tests.support.tcp_relay.TcpRelay, at the other end of a cable. For root."""

    address, port = _THERE, _PORT

    def __init__(self, target: Path) -> None:
        self._target = target
        self._name = f"infora-{os.getpid()}"
        self._relay: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> DroppingNetwork:
        here, there = f"ih{os.getpid() % 100000}", f"it{os.getpid() % 100000}"
        _run("ip", "netns", "add", self._name)
        _run("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", self._name)
        _run("ip", "address", "add", f"{_HERE}/30", "dev", here)
        _run("ip", "link", "set", here, "up")
        self._inside("address", "add", f"{_THERE}/30", "dev", there)
        self._inside("link", "set", there, "up")
        command = [sys.executable, "-m", "tests.support.tcp_relay", _THERE, str(_PORT), str(self._target)]
        self._relay = subprocess.Popen(["ip", "netns", "exec", self._name, *command], cwd=HOME)
        time.sleep(0.5)
        return self

    def __exit__(self, *_: object) -> None:
        if self._relay is not None:
            self._relay.kill()
            self._relay.wait()
        _run("ip", "netns", "del", self._name)

    def freeze(self) -> None:
        """Answers are dropped."""
        self._inside("route", "add", "blackhole", f"{_HERE}/32")

    def thaw(self) -> None:
        self._inside("route", "del", "blackhole", f"{_HERE}/32")

    def _inside(self, *words: str) -> None:
        _run("ip", "-n", self._name, *words)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
