"""One measured load on one side, and medians over several: the numbers below the table."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench import processes
from tests.bench.load import Stream, drive
from tests.bench.result import Result
from tests.bench.side import Side

_QUIET_SHARE = 0.05
_QUIET_LIMIT_SECONDS = 60


@dataclass(frozen=True)
class Sample:
    """Rates a second, latencies in milliseconds, processor time of all the side's processes in microseconds a reply."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    lost: int
    wrong: int
    bad_replies: int
    seconds: float
    generator_cpu_us: float

    @property
    def flaws(self) -> int:
        """Requests that were not answered as they should be."""
        return self.lost + self.wrong + self.bad_replies


def run(side: Side, streams: Sequence[Stream], seconds: float) -> list[Sample]:
    """Drive the streams; processor time includes what the side still does after the last reply."""
    roots = side.roots()
    before = processes.cpu_seconds(roots)
    results = drive(streams, seconds)
    await_quiet(roots)
    spent = processes.cpu_seconds(roots) - before
    answered = sum(result.answered for result in results) or 1
    return [_sample(result, spent / answered * 1e6, answered) for result in results]


def _sample(result: Result, cpu_us: float, answered: int) -> Sample:
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
    )
