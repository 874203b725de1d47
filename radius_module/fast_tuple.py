"""Named tuples made in a quarter of the time, for the few that every packet needs."""

from __future__ import annotations

from functools import partial
from typing import Any


def maker(kind: type[Any]) -> Any:  # noqa: ANN401  # as typed as tuple.__new__
    """What makes a named tuple of one plain tuple, in a quarter of the time that calling its type takes.

    For the few that every packet needs; `maker(Facts)((now, device, …))`, the fields in their order.
    """
    return partial(tuple.__new__, kind)
