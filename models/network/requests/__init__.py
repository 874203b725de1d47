"""What is asked of the network: the one writer of the outbox (but for allowances, whose crossing the books see).

`events` are written beside a change; the worker makes requests of them (`fan_out`, `sweeps`), takes them (`claims`)
and writes down what became of them (`outcomes`).
"""

from models.network.requests.events import (
    ALLOWANCE,
    RATE,
    REASONS,
    TIMEOUT,
    again,
    change,
    change_all_on,
    disconnect,
    disconnect_device,
    disconnect_sessions,
    disconnect_tenant,
    withdraw,
)

__all__ = [
    "ALLOWANCE",
    "RATE",
    "REASONS",
    "TIMEOUT",
    "again",
    "change",
    "change_all_on",
    "disconnect",
    "disconnect_device",
    "disconnect_sessions",
    "disconnect_tenant",
    "withdraw",
]
