"""The exception that ends a command of this package with a sentence instead of a traceback."""


class Refusal(Exception):
    """Something the operator can put right; the text is one sentence that says what and how."""


def last_line(text: str) -> str:
    """Where programs and libpq name the reason; what comes before it may hold several attempts."""
    return (text.strip().splitlines() or ["no reason was given"])[-1]
