"""One measured load on one side, and medians over several: the numbers below the table."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench import processes
from tests.bench.load import Stream, drive
from tests.bench.result import Result
from tests.bench.side import Side

_QUIET_SHARE = 0.05
_QUIET_LIMIT_SECONDS = 60


@dataclass(frozen=True)
class Sample:
    """Rates a second, latencies in milliseconds, processor time in microseconds a reply.

    `cpu_us` is that of all the side's processes, `server_us` that of the process which answers logins alone.
    """

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    lost: int
    wrong: int
    bad_replies: int
    seconds: float
    generator_cpu_us: float
    generator_share: float = 0.0
    """Of one processor."""
    sent: int = 0
    server_us: float = 0.0

    @property
    def flaws(self) -> int:
        """Requests that were not answered as they should be."""
        return self.lost + self.wrong + self.bad_replies


def run(side: Side, streams: Sequence[Stream], seconds: float, until: Callable[[], bool] | None = None) -> list[Sample]:
    """Drive the streams; processor time includes what the side still does after the last reply."""
    roots, server = side.roots(), side.login_server()
    before, server_before = processes.cpu_seconds(roots), processes.busy_seconds(server)
    results = drive(streams, seconds, until)
    await_quiet(roots)
    spent, server_spent = processes.cpu_seconds(roots) - before, processes.busy_seconds(server) - server_before
    answered = sum(result.arrived for result in results) or 1
    return [_sample(result, spent / answered * 1e6, server_spent / answered * 1e6, answered) for result in results]


def _sample(result: Result, cpu_us: float, server_us: float, answered: int) -> Sample:
    return Sample(
        rate=result.rate,
        p50_ms=result.percentile(0.5) * 1e3,
        p99_ms=result.percentile(0.99) * 1e3,
        cpu_us=cpu_us,
        lost=result.lost,
        wrong=result.wrong,
        bad_replies=len(result.bad_replies),
        seconds=result.seconds,
        generator_cpu_us=result.generator_cpu / answered * 1e6,
        generator_share=result.generator_cpu / result.seconds if result.seconds else 0.0,
        sent=result.sent,
        server_us=server_us,
    )


def await_quiet(roots: list[int]) -> None:
    """Return when the processes use less than a twentieth of one processor, or after a minute."""
    deadline = time.monotonic() + _QUIET_LIMIT_SECONDS
    last = processes.cpu_seconds(roots)
    while time.monotonic() < deadline:
        time.sleep(0.4)
        now = processes.cpu_seconds(roots)
        if now - last < 0.4 * _QUIET_SHARE:
            return
        last = now


def median(samples: Sequence[Sample]) -> Sample:
    """The median of each number; flaws are summed, so that none is hidden."""
    return Sample(
        rate=statistics.median(sample.rate for sample in samples),
        p50_ms=statistics.median(sample.p50_ms for sample in samples),
        p99_ms=statistics.median(sample.p99_ms for sample in samples),
        cpu_us=statistics.median(sample.cpu_us for sample in samples),
        lost=sum(sample.lost for sample in samples),
        wrong=sum(sample.wrong for sample in samples),
        bad_replies=sum(sample.bad_replies for sample in samples),
        seconds=statistics.median(sample.seconds for sample in samples),
        generator_cpu_us=statistics.median(sample.generator_cpu_us for sample in samples),
        generator_share=statistics.median(sample.generator_share for sample in samples),
        sent=sum(sample.sent for sample in samples),
        server_us=statistics.median(sample.server_us for sample in samples),
    )
