"""A client of the admin API that keeps its connections: so many callers, each with one request at a time."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.bench.measure import Sample
from tests.bench.result import Result

CALLERS = 8
_PATIENCE = 30.0


@dataclass(frozen=True)
class Call:
    """One request, and the status that is right for its answer."""

    method: str
    path: str
    status: int = 200
    body: Mapping[str, object] | None = None


@dataclass
class _Caller:
    """One connection. An answer that is not right counts as wrong, a connection that breaks as lost."""

    address: tuple[str, int]
    headers: dict[str, str]
    result: Result = field(default_factory=Result)

    def run(self, next_call: Callable[[], Call | None], until: float) -> None:
        link = http.client.HTTPConnection(*self.address, timeout=_PATIENCE)
        while time.perf_counter() < until and (call := next_call()) is not None:
            body = None if call.body is None else json.dumps(call.body)
            begun = time.perf_counter()
            try:
                link.request(call.method, call.path, body, self.headers)
                answer = link.getresponse()
                octets = answer.read()
            except (OSError, http.client.HTTPException):
                self.result.lost += 1
                link.close()
                continue
            self.result.latencies.append(time.perf_counter() - begun)
            self.result.answered += 1
            self.result.wrong += answer.status != call.status or not octets.startswith(b'{"')
        link.close()


def load(address: tuple[str, int], headers: dict[str, str], next_call: Callable[[], Call | None],
         seconds: float) -> Result:  # fmt: skip
    """Ask until the time is over or there is nothing more to ask; `next_call` is asked by one caller at a time."""
    lock = threading.Lock()

    def locked() -> Call | None:
        with lock:
            return next_call()

    callers = [_Caller(address, headers | {"Content-Type": "application/json"}) for _ in range(CALLERS)]
    begun = time.perf_counter()
    threads = [threading.Thread(target=caller.run, args=(locked, begun + seconds)) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = Result(seconds=time.perf_counter() - begun)
    for caller in callers:
        whole.answered += caller.result.answered
        whole.wrong += caller.result.wrong
        whole.lost += caller.result.lost
        whole.latencies += caller.result.latencies
    return whole


def sample(result: Result, cpu_seconds: float) -> Sample:
    """As the other scenarios keep it; the generator's own processor time is not told apart here."""
    return Sample(
        rate=result.rate, p50_ms=result.percentile(0.5) * 1e3, p99_ms=result.percentile(0.99) * 1e3,
        cpu_us=cpu_seconds / (result.answered or 1) * 1e6, lost=result.lost, wrong=result.wrong, bad_replies=0,
        seconds=result.seconds, generator_cpu_us=0.0,
    )  # fmt: skip
