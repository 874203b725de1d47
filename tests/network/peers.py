"""Servers that nobody here wrote, each in a network namespace of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest


class Namespace:
    """A network namespace at the other end of a virtual cable; gone with `close`."""

    def __init__(self, name: str) -> None:
        self.name = f"inf{os.getpid() % 100000}{name}"
        self.near, self.far = f"{self.name}a"[-14:], f"{self.name}b"[-14:]
        made = _run("ip", "netns", "add", self.name)
        if made.returncode != 0:
            pytest.skip(f"no network namespace can be made: {made.stderr.strip()}")
        cable = _run("ip", "link", "add", self.near, "type", "veth", "peer", "name", self.far)
        if cable.returncode != 0:
            _run("ip", "netns", "del", self.name)
            pytest.skip(f"no virtual cable can be laid: {cable.stderr.strip()}")
        _run("ip", "link", "set", self.far, "netns", self.name)
        _run("ip", "link", "set", self.near, "up")
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "link", "set", self.far, "up")
        self._processes: list[subprocess.Popen[bytes]] = []

    def address(self, near: str, far: str) -> None:
        """Give both ends of the cable an address, with its prefix."""
        _run("ip", "addr", "add", near, "dev", self.near)
        self.run("ip", "addr", "add", far, "dev", self.far)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """In the namespace, until it ends."""
        return _run("ip", "netns", "exec", self.name, *command)

    def start(
        self, log: Path, *command: str, inside: bool = True, typed: str = "", env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """A program that runs until the namespace is closed; `typed`: what it reads."""
        prefix = ["ip", "netns", "exec", self.name] if inside else []
        environment = None if env is None else os.environ | env
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*prefix, *command], stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT, env=environment
            )
        if process.stdin is not None:
            process.stdin.write(typed.encode())
            process.stdin.close()
        self._processes.append(process)
        return process

    def close(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=5)
        _run("ip", "netns", "del", self.name)
        _run("ip", "link", "del", self.near)


def need(*programs: str) -> None:
    """Skip where a program is not installed, with its name."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for network namespaces")
    missing = [name for name in programs if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def says(log: Path, words: str, seconds: float = 15.0) -> None:
    """Until the log holds the words."""
    within(lambda: words in log.read_text(errors="replace"), seconds, lambda: log.read_text(errors="replace")[-3000:])


def within(question: Callable[[], bool], seconds: float, otherwise: Callable[[], str]) -> None:
    until = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < until, otherwise()
        time.sleep(0.05)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
