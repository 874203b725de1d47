"""What is done for the books once a day: checkpoints, then the proof, which is written down.

In the caller's transactions; commits nothing. Whoever comes to it has the turn until their connection ends it.
"""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import Connection, text

from models.money.books.verification import Finding, checks

#: How often the books are proved; broken ones are looked at again sooner, so that the alarm ends with its cause.
EVERY, WHILE_BROKEN = timedelta(days=1), timedelta(hours=1)
#: Whoever pays waits for no longer than this while a checkpoint waits for transfers that are being written.
_WAITS = "1s"


def take_turn(connection: Connection) -> bool:
    """Whether nobody else proves the books at this moment. Holds until `end_turn` or the end of the connection."""
    return bool(connection.scalar(_TAKE_TURN))


def end_turn(connection: Connection) -> None:
    """Others may."""
    connection.execute(_END_TURN)


def is_due(connection: Connection) -> bool:
    """By the database's clock and the last proof; one from the future, of a clock that was wrong, does not count."""
    return bool(connection.scalar(_IS_DUE, {"every": EVERY, "while_broken": WHILE_BROKEN}))


def horizon(connection: Connection) -> int:
    """An id below which no transfer is missing. Locks the ledger's writers out until the transaction ends: end it soon.

    Raises the database's error where that lock is not to be had within a second.
    """
    connection.execute(_BOUND_WAIT, {"waits": _WAITS})
    return int(connection.scalar(_HORIZON) or 0)


def checkpoint(connection: Connection, through: int) -> int:
    """Sum the tenants' own accounts up to that transfer, on from their last checkpoints; how many were written."""
    return int(connection.scalar(_CHECKPOINT, {"horizon": through}) or 0)


def begin_proof(connection: Connection) -> None:
    """One snapshot for all rules, on one processor: logins come first."""
    connection.execute(text("set transaction isolation level repeatable read"))
    connection.execute(text("set local max_parallel_workers_per_gather = 0"))


def keep(connection: Connection, findings: list[Finding], took_ms: int) -> None:
    """Write down what was found, and in how many milliseconds."""
    shown = json.dumps([finding._asdict() for finding in findings])
    connection.execute(_KEEP, {"took": took_ms, "rules": len(checks()), "findings": shown})


_TAKE_TURN = text("select pg_try_advisory_lock(hashtextextended('infora daily proof', 0))")
_END_TURN = text("select pg_advisory_unlock(hashtextextended('infora daily proof', 0))")
_IS_DUE = text("""
select coalesce((select now() not between verified_at and verified_at + case when findings = '[]' then :every
                                                                             else :while_broken end
                   from book_verifications order by id desc limit 1), true)
""")
_BOUND_WAIT = text("select set_config('lock_timeout', :waits, true)")
_HORIZON = text("select infora_ledger_horizon()")
_CHECKPOINT = text("select infora_checkpoint_ledger(:horizon)")
_KEEP = text(
    "insert into book_verifications (took_ms, rules, findings) values (:took, :rules, cast(:findings as jsonb))"
)
