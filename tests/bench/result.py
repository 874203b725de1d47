"""How a stream is paced, and what it saw."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Window:
    """Closed loop: so many requests are in flight at any time."""

    in_flight: int = 64


@dataclass(frozen=True)
class Rate:
    """Open loop: requests leave on schedule whatever the server does; latency counts from the schedule."""

    per_second: float


@dataclass
class Result:
    """What one stream saw; seconds."""

    seconds: float = 0.0
    sent: int = 0
    #: Byte for byte like another packet of the stream.
    repeated: int = 0
    #: Within the time; who asks for all asks `arrived`.
    answered: int = 0
    wrong: int = 0
    lost: int = 0
    unexpected: int = 0
    exhausted: bool = False
    generator_cpu: float = 0.0
    latencies: list[float] = field(default_factory=list, repr=False)
    bad_replies: list[str] = field(default_factory=list)
    verified: int = 0

    @property
    def arrived(self) -> int:
        """Answers to packets of the stream, those after the clock was stopped included."""
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Right answers a second."""
        return (self.answered - self.wrong) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Latency that `share` (0…1) of the answers did not exceed."""
        if not self.latencies:
            return float("inf")
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
