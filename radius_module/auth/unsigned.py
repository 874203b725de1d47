"""Access-Requests that are dropped because they lack a Message-Authenticator, counted by device.

An operator sees nothing but a device that gets no answer: the counter says why.
"""

from __future__ import annotations


class UnsignedRequests:
    """Since the process started; there are no more entries than devices."""

    def __init__(self) -> None:
        self._devices: dict[int, tuple[int, float]] = {}

    def count(self, device_id: int, now: float) -> None:
        """One more, at `now` (epoch seconds)."""
        self._devices[device_id] = self._devices.get(device_id, (0, 0.0))[0] + 1, now

    def plain(self) -> dict[str, tuple[int, float]]:
        """Device → how many, and when the last one came, for the status file."""
        return {str(device_id): counted for device_id, counted in list(self._devices.items())}
