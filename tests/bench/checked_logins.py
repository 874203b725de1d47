"""Logins whose every packet is new, and after which both the generator's and the server's books are compared."""

from collections.abc import Callable, Sequence

from tests.bench import check, measure, requests
from tests.bench.bench import IN_FLIGHT, Bench
from tests.bench.load import PORTS, Stream, drive
from tests.bench.measure import Sample
from tests.bench.population import SECRET
from tests.bench.requests import Proof, pap
from tests.bench.result import Rate, Window
from tests.bench.side import Side
from tests.radius_client import Code

# Packets of the trial that tells how many a run needs.
_TRIAL = 4_000
_SPARE = 2.0
# Identifiers of a schedule come back after `LOST_AFTER` at this rate.
SCHEDULE_PORTS = 4 * PORTS


def full_rate(bench: Bench, side: Side, scenario: str, customers: Sequence[int], *, proof: Proof = pap,
              bursts: bool = False) -> Sample:  # fmt: skip
    """One run at 64 in flight, kept under the scenario's name; as many packets as can be needed are ready before."""
    seconds = bench.options.login_seconds
    known = bench.middle(scenario, side.name)
    rate = known.rate if known else _trial(side, customers, proof, bursts=bursts)
    packets = requests.logins(customers, int(rate * seconds * _SPARE) + _TRIAL, proof)
    stream = Stream(packets, SECRET, side.auth, Window(IN_FLIGHT), Code.ACCESS_ACCEPT, bursts=bursts)
    [sample] = measured(bench, side, scenario, [stream], seconds)
    bench.keep(scenario, side, sample)
    return sample


def on_schedule(side: Side, customers: Sequence[int], per_second: float, seconds: float,
                code: Code = Code.ACCESS_ACCEPT) -> Stream:  # fmt: skip
    """Logins of these customers that leave singly at a rate, whatever the server does; latency counts from then."""
    packets = requests.logins(customers, int(per_second * seconds) + 1)
    return Stream(packets, SECRET, side.auth, Rate(per_second), code, ports=SCHEDULE_PORTS)


def measured(
    bench: Bench,
    side: Side,
    scenario: str,
    streams: Sequence[Stream],
    seconds: float,
    until: Callable[[], bool] | None = None,
    beside: Callable[[], object] = lambda: None,
) -> list[Sample]:
    """A run whose first stream are logins; the bench fails if they are not one decision and one record each.

    `beside` is called when the first packet is about to leave, and not before: it starts what runs beside the logins.
    """
    before = check.settled(side)
    beside()
    samples = measure.run(side, streams, seconds, until)
    logins = streams[0].result
    bench.fail(scenario, side, check.faults(logins, check.added(side, before, logins)))
    return samples


def _trial(side: Side, customers: Sequence[int], proof: Proof, *, bursts: bool) -> float:
    packets = requests.logins(customers, _TRIAL, proof)
    [result] = drive([Stream(packets, SECRET, side.auth, Window(IN_FLIGHT), Code.ACCESS_ACCEPT, bursts=bursts)], 10)
    return result.rate
