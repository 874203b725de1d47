"""Text as a RouterOS script takes it. Pure."""

from __future__ import annotations

#: A name after `$` would be replaced by a variable's value, and `?` asks the console for help.
_ESCAPED = {character: f"\\{character}" for character in '\\"$?'}


def quoted(text: str) -> str:
    """A string that means exactly this text; what is not printable ASCII stands as its octets.

    >>> print(quoted("pa$word"), quoted("é"))
    "pa\\$word" "\\C3\\A9"
    """
    return '"' + "".join(_character(character) for character in text) + '"'


def remark(text: str) -> str:
    """A line of its own: behind a command a `#` would be an argument."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return f"# {plain}"


def _character(character: str) -> str:
    if character in _ESCAPED:
        return _ESCAPED[character]
    if " " <= character <= "~":
        return character
    return "".join(f"\\{octet:02X}" for octet in character.encode())
