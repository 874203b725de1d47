"""Asking the login process: the form of a question and its answer, and how one is asked (docs/decisions/0021).

One packet there and one back over a Unix socket that keeps packets apart, JSON in both, one question a connection.
A question is `{"kind", "until", "mark", …}`: after `until` (CLOCK_MONOTONIC, one for all processes) nobody waits for
the answer any more, so nothing may be done for it; `mark` is what the directory must have heard first
(radius_module.directory.sync_marks).
"""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

#: Octets of a question, and of an answer: the attributes of a reply and the values of all rules.
LARGEST_QUESTION = 8192
LARGEST_ANSWER = 1 << 17
#: How long a question waits for its answer, seconds; the last part is for the answer's transport.
PATIENCE = 0.9
_FOR_TRANSPORT = 0.2

Answer = dict[str, Any]


def socket_path(socket_dir: Path) -> Path:
    """Where the login process is asked."""
    return socket_dir / "ask.sock"


def ask(path: Path, kind: str, mark: int | None, fields: dict[str, object]) -> Answer | None:
    """The answer; None where none came in time, whatever the reason: then nothing was done either."""
    until = time.monotonic() + PATIENCE
    question = {"kind": kind, "until": until - _FOR_TRANSPORT, "mark": mark, **fields}
    octets = json.dumps(question).encode()
    if len(octets) > LARGEST_QUESTION:
        return None
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
            link.settimeout(PATIENCE)
            link.connect(str(path))
            link.sendall(octets)
            link.settimeout(max(0.001, until - time.monotonic()))
            answer = json.loads(link.recv(LARGEST_ANSWER) or b"null")
    except (OSError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None
