"""What a check of `doctor` says: nothing more than its sentence where all is well, otherwise one of these."""

from __future__ import annotations


class Trouble(Exception):
    """What is wrong and what to do."""


class Advice(Exception):
    """What works, and what somebody should look at."""
