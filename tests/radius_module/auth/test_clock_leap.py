"""A clock that is set while sessions are open ends none of them."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest

from radius_module.auth.feed_listener import FeedListener


def test_a_leap_begins_the_time_anew_in_which_sessions_must_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SimpleNamespace(feed_socket=tmp_path / "feed", spool=lambda _process: tmp_path)
    unused: Any = None
    listener = FeedListener(cast(Any, settings), unused, unused, unused, Event())
    began = listener._since
    listener._notice_leaps()
    assert listener._since == began, "time that passes is no leap"
    real = time.time
    monkeypatch.setattr("radius_module.auth.feed_listener.time.time", lambda: real() + 3600)
    listener._notice_leaps()
    assert listener._since > began + 3500
    since = listener._since
    listener._notice_leaps()
    assert listener._since == since, "it has leapt once"
    monkeypatch.setattr("radius_module.auth.feed_listener.time.time", real)
    listener._notice_leaps()
    assert listener._since < since, "and back"
