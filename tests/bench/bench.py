"""What all scenarios share: the sides, how long and how often, and every measurement taken."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.bench import measure, requests
from tests.bench.load import PORTS, Stream, drive
from tests.bench.measure import Sample
from tests.bench.population import CUSTOMERS, SECRET
from tests.bench.result import Rate, Window
from tests.bench.side import Address, Side
from tests.radius_client import Code, Name

IN_FLIGHT = 64
# From here on a generator of one thread may be what limits the rate.
_BUSY_SHARE = 0.9


@dataclass(frozen=True)
class Options:
    """`login_seconds` and `accounting_seconds` a run; `rounds` of project and stock in turn."""

    login_seconds: float = 10.0
    accounting_seconds: float = 60.0
    rounds: int = 3
    flat_rows: int = 5_000_000
    many_customers: int = 200_000
    many_devices: int = 100_000
    open_sessions: int = 50_000
    changed_at_once: int = 20_000
    many_transfers: int = 10_000_000
    cut_at_once: int = 10_000


@dataclass
class Bench:
    """Sides in the order in which they are measured, and what came out.

    `lean` is one more stock server, for logins alone. `failures` are figures that are not what they are called.
    """

    sides: Sequence[Side]
    options: Options
    say: Callable[[str], None]
    notes: list[str] = field(default_factory=list)
    lean: Side | None = None
    failures: list[str] = field(default_factory=list)
    samples: dict[str, dict[str, list[Sample]]] = field(default_factory=dict)
    classes: dict[str, dict[int, bytes]] = field(default_factory=dict)
    serves_accounting: dict[str, bool] = field(default_factory=dict)

    def keep(self, scenario: str, side: Side, sample: Sample) -> None:
        """Remember one measurement and say it."""
        self.samples.setdefault(scenario, {}).setdefault(side.name, []).append(sample)
        self.say(f"{scenario:>9} {side.name:>8}: {sample.rate:9,.0f}/s  p50 {sample.p50_ms:7.2f} ms  "
                 f"p99 {sample.p99_ms:7.2f} ms  processor {sample.cpu_us:6.0f} us  "
                 f"not right {sample.flaws}  generator {sample.generator_share:4.0%}")  # fmt: skip

    def fail(self, scenario: str, side: Side, sentences: Sequence[str]) -> None:
        """The run is not what it is called: said at once, again below the table, and in the exit code."""
        self.failures += [f"FAILED: {scenario}, {side.name}: {sentence}" for sentence in sentences]
        for sentence in sentences:
            self.say(f"FAILED: {scenario}, {side.name}: {sentence}")

    def middle(self, scenario: str, side: str) -> Sample | None:
        """Medians of a scenario on one side, if it was measured there."""
        taken = self.samples.get(scenario, {}).get(side)
        return measure.median(taken) if taken else None

    def pair(self, scenario: str, number: str, against: str = "stock") -> tuple[float | None, float | None]:
        """One number of the project and of another side."""
        samples = (self.middle(scenario, side) for side in ("project", against))
        project, other = (None if sample is None else float(getattr(sample, number)) for sample in samples)
        return project, other

    def flaws(self) -> list[str]:
        """One sentence for each measurement in which something was not answered as it should be."""
        return [
            f"! {scenario}, {side}: {sample.lost} lost, {sample.wrong} with a wrong code, "
            f"{sample.bad_replies} of the verified sample not right."
            for scenario, sides in self.samples.items()
            for side, taken in sides.items()
            for sample in taken
            if sample.flaws
        ] + [
            f"! {scenario}, {side}: the load generator used {sample.generator_share:.0%} of a processor and may be "
            "what the figure shows."
            for scenario, sides in self.samples.items()
            for side, taken in sides.items()
            for sample in taken
            if sample.generator_share > _BUSY_SHARE
        ]

    def data(self) -> dict[str, Any]:
        """Every measurement, for JSON."""
        return {scenario: {side: [asdict(sample) for sample in taken] for side, taken in sides.items()}
                for scenario, sides in self.samples.items()}  # fmt: skip

    def class_of(self, side: Side) -> dict[int, bytes]:
        """Class of every customer's login, as a router would echo it; logs everybody in once."""
        if side.name not in self.classes:
            packets = requests.logins(range(CUSTOMERS), CUSTOMERS)
            stream = Stream(packets, SECRET, side.auth, Window(IN_FLIGHT), Code.ACCESS_ACCEPT, sample_every=1)
            drive([stream], 120)
            brought = {at: reply.values(Name.CLASS) for at, reply in stream.replies.items()}
            self.classes[side.name] = {number: values[0] for number, values in brought.items() if values}
        return self.classes[side.name]


def accounting_stream(address: Address, packets: Sequence[bytes], pace: Window | Rate | None = None) -> Stream:
    """A stream of these accounting requests, to its end.

    On a schedule it has more source ports, so that an identifier comes back after a second at the earliest. Packets
    leave in bursts, to both sides alike.
    """
    ports = 4 * PORTS if isinstance(pace, Rate) else PORTS
    return Stream(packets, SECRET, address, pace or Window(IN_FLIGHT), Code.ACCOUNTING_RESPONSE, ports=ports,
                  bursts=True)  # fmt: skip
