"""What a scenario may ask of either server. `Project` and `Stock` are the two."""

from typing import Protocol

from tests.bench.check import Tally

Address = tuple[str, int]


class Side(Protocol):
    """A running server with the bench's customers in its database."""

    name: str
    auth: Address
    acct: Address
    url: str
    """libpq URL of a role that reads and writes the side's `radacct`."""

    def roots(self) -> list[int]:
        """Process ids whose families are the side's servers; PostgreSQL, which both share, is counted with either."""

    def login_server(self) -> int:
        """Process id of the FreeRADIUS that answers logins."""

    def tally(self) -> Tally:
        """Logins decided and Accepts recorded so far."""

    def set_sessions(self, rows: int) -> None:
        """Let the session table hold that many finished sessions, and no others."""
