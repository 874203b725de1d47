"""A change of the books that is refused, as a value with a stable code: the API turns it into its answer."""

from __future__ import annotations


class Refused(Exception):
    """The change is well-formed and not possible now. `code` is a stable word; the text is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Invalid(Exception):
    """One field's value cannot be taken."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message
