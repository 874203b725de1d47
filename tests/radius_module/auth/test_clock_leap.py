"""A clock that is set while sessions are open: the log says so, and time goes on as it does."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest

from radius_module.auth.feed_listener import FeedListener


def test_a_leap_is_said_once_and_moves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = SimpleNamespace(feed_socket=tmp_path / "feed", spool=lambda _process: tmp_path)
    unused: Any = None
    listener = FeedListener(cast(Any, settings), unused, unused, unused, Event())
    since = listener._since
    real = time.time
    with caplog.at_level(logging.WARNING):
        for ahead in (0.0, 3600.0, 3600.0, 0.0):
            monkeypatch.setattr(time, "time", lambda ahead=ahead: real() + ahead)
            listener._notice_leaps()
    assert [record.getMessage().partition(" on its own")[0] for record in caplog.records] == [
        "the clock has moved by +3600 s", "the clock has moved by -3600 s"
    ]  # fmt: skip
    assert listener._since == since
