"""When the last whole backup was made and proved, for `/metrics`: no more than that leaves root's hands."""

import json
import os
import time
from contextlib import suppress

from service.host import layout
from service.host.settings import Settings

FILE = "backup.json"


def leave(settings: Settings, *, proved: bool) -> None:
    """Of a backup that has just been read back. A failed write spoils no backup."""
    path = layout.reports_directory(settings) / FILE
    now = time.time()
    before: dict[str, float] = {}
    with suppress(OSError, ValueError):
        before = json.loads(path.read_text(encoding="utf-8"))
    content = before | {"made_at": now} | ({"proved_at": now} if proved else {})
    fresh = path.with_suffix(".new")
    with suppress(OSError):
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
        settings.accounts.radius.own(fresh)
        fresh.replace(path)
