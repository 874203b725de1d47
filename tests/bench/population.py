"""Who is in the bench: the same customers, passwords, plan and past on both sides."""

from dataclasses import dataclass

from tests.radius_client import Visit

CUSTOMERS = 10_000
#: Customers above those, each with reply rows of an operator's own.
WITH_ROWS = range(CUSTOMERS, CUSTOMERS + 2_000)
OWN_REPLIES = (("Mikrotik-Address-List", ":=", "gold"), ("Framed-Route", "=", "192.0.2.0/29 0.0.0.0 1"))
PAST_SESSIONS = 30
SECRET = b"a shared secret of thirty-two octets"
CAP_BYTES = 100 * 10**9
SESSION_TIMEOUT_SECONDS = 86_400
IDLE_TIMEOUT_SECONDS = 900
INTERIM_SECONDS = 300
RATE_LIMIT = "2M/10M"
POOL = "customers"


@dataclass(frozen=True)
class Subscriber:
    """One customer; `number` counts from 0."""

    number: int

    @property
    def username(self) -> str:
        """Login name."""
        return f"subscriber{self.number:06}@example.net"

    @property
    def password(self) -> str:
        """Clear text, the same on both sides."""
        return f"pw-{(self.number * 2654435761) % 2**32:08x}"

    @property
    def mac(self) -> str:
        """Calling-Station-Id."""
        high, low = divmod(self.number, 256)
        return f"02:00:00:{high // 256:02X}:{high % 256:02X}:{low:02X}"

    def visit(self, session_id: str) -> Visit:
        """The customer's line on the bench's one router."""
        third, fourth = divmod(self.number, 250)
        return Visit(
            self.username,
            session_id,
            mac=self.mac,
            nas_port=15_728_640 + self.number,
            framed_address=f"10.{third // 250}.{third % 250}.{fourth + 1}",
        )
