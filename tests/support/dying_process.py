"""The API's or the worker's own code in a process that ends itself by kill -9 at a chosen moment.

`python -m tests.support.dying_process WHEN TABLE WHAT`, with the installation's environment. WHEN: `before` the first
statement that writes the table; at the `commit` after it; or when it is `done`, before anybody hears of it.
WHAT: `worker` for a round of renewals, or a request as JSON.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event

from models.db import make_engine


def die() -> None:
    """As the kernel would end it."""
    os.kill(os.getpid(), signal.SIGKILL)


def watch(when: str, table: str) -> None:
    """From here on the process dies at its moment."""
    writes = re.compile(rf"\s*(insert into|update|delete from) {table}\b", re.I)
    seen: list[str] = []

    def before(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if writes.match(statement):
            seen.append(statement)
            if when == "before":
                die()

    def commit(_connection: Any) -> None:
        if when == "commit" and seen:
            die()

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "commit", commit)


def act_of(what: str) -> Callable[[], object]:
    """What is done; everything that has to be there for it is there."""
    if what == "worker":
        from radius_module.enforce.duties.renewals import rounds_of

        rounds = rounds_of(make_engine(os.environ["DATABASE_URL"], "infora renewals"))
        return lambda: list(rounds.run())
    from admin_api import create_app

    client = create_app().test_client()
    return lambda: client.open(**json.loads(what))


if __name__ == "__main__":
    act = act_of(sys.argv[3])
    watch(sys.argv[1], sys.argv[2])
    answer = act()
    if sys.argv[1] == "done":
        die()
    sys.exit(f"not dead, but: {answer}")
