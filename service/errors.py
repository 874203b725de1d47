"""The one exception that ends a command of this package with a sentence instead of a trace."""


class Refusal(Exception):
    """Something the operator can put right; its text is one sentence that says what and how."""
