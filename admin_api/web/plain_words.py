"""What is wrong with a field, in the words of whoever sent it: the validator's own speak of its inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OBJECT = "must be a JSON object"
_WHOLE = "must be a whole number such as 12"
_ADDRESS = "must be an IP address such as 10.1.0.1"
#: The validator's kind of error → a sentence whose subject is the field; {names} are the error's own.
_SENTENCES = {
    "missing": "is required",
    "string_type": "must be text",
    "string_sub_type": "must be text",
    "string_unicode": "must be text",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "is not written as it must be: {pattern}",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "decimal_type": "must be a number such as 12.50",
    "decimal_parsing": "must be a number such as 12.50",
    "decimal_max_places": "must have at most {decimal_places} decimals",
    "decimal_max_digits": "must have at most {max_digits} digits",
    "decimal_whole_digits": "must have at most {whole_digits} digits before the point",
    "finite_number": "must be a number such as 12.50",
    "list_type": "must be a list",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "ip_any_address": _ADDRESS,
    "ip_v4_address": "must be an IPv4 address such as 10.1.0.1",
    "ip_v6_address": "must be an IPv6 address such as 2001:db8::7",
    "ip_v6_network": "must be an IPv6 prefix such as 2001:db8::/64",
}
_PREFIXES = ("Value error, ", "Assertion failed, ")


def sentence(kind: str, message: str, context: Mapping[str, Any]) -> str:
    """What is said of a field: of the validator's kinds in our words, of our own checks what they say."""
    if kind in _SENTENCES:
        return _SENTENCES[kind].format(**context)
    return in_plain_words(message)


def in_plain_words(message: str) -> str:
    """A message without the validator's words about itself."""
    for prefix in _PREFIXES:
        message = message.removeprefix(prefix)
    return message
