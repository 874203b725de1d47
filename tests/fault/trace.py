"""strace: runs a program or watches a part, and reads what was written down."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")

_LINE = re.compile(r"^(\d+) +(.*)$")
_CALL = re.compile(r"^(\w+)\((.*?)(?:\) += (-?\d+|\?).*| <unfinished \.\.\.>)$", re.DOTALL)
_RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>(.*)\) += (-?\d+|\?).*$", re.DOTALL)
_OCTETS = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


class Call(NamedTuple):
    """One system call, at its beginning or (`ended`) at its end."""

    name: str
    arguments: str
    ended: bool
    result: int | None

    def octets(self) -> bytes:
        """The buffer among the arguments."""
        text = _OCTETS.search(self.arguments)
        return bytes.fromhex(text.group(1).replace("\\x", "")) if text else b""

    def strings(self) -> list[bytes]:
        return [bytes.fromhex(text.replace("\\x", "")) for text in _OCTETS.findall(self.arguments)]


def calls(log: Path) -> list[Call]:
    """In the order in which the kernel saw them, each twice: begun and ended, with the same arguments.

    Of a call that waited, strace writes some arguments at its end only: such as the messages of a sendmmsg.
    """
    seen: list[Call] = []
    #: Thread → where the call that it waits in has begun.
    waiting: dict[str, int] = {}
    for line in log.read_text(errors="replace").splitlines():
        thread, rest = _LINE.match(line).groups() if _LINE.match(line) else ("", "")  # type: ignore[union-attr]
        if resumed := _RESUMED.match(rest):
            begun = waiting.pop(thread, None)
            arguments = ("" if begun is None else seen[begun].arguments) + resumed.group(2)
            if begun is not None:
                seen[begun] = seen[begun]._replace(arguments=arguments)
            seen.append(Call(resumed.group(1), arguments, True, _number(resumed.group(3))))
        elif call := _CALL.match(rest):
            seen.append(Call(call.group(1), call.group(2), False, None))
            if call.group(3) is None:
                waiting[thread] = len(seen) - 1
            else:
                seen.append(Call(call.group(1), call.group(2), True, _number(call.group(3))))
    return seen


def _number(text: str) -> int | None:
    return None if text == "?" else int(text)


@contextmanager
def attached(pid: int, log: Path, *options: str) -> Iterator[None]:
    """Watch (or disturb) all threads of a running process."""
    command = ["strace", "-f", "-xx", "-s", "70000", "-o", str(log), *options, "-p", str(pid)]
    strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert strace.stderr is not None
    assert "attached" in strace.stderr.readline()
    time.sleep(0.3)
    try:
        yield
    finally:
        strace.terminate()
        strace.communicate(timeout=20)
