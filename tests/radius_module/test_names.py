"""Names made comparable: a MAC address in any notation is one, and what is none stays what it is."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.names import fold, login_name, mac_of, notations, second_name, station

MAC = "AA:BB:CC:DD:EE:0F"
#: How routers and people write it.
NOTATIONS = (
    "AA:BB:CC:DD:EE:0F", "aa:bb:cc:dd:ee:0f", "AA-BB-CC-DD-EE-0F", "aa-bb-cc-dd-ee-0f", "AABBCCDDEE0F",
    "aabbccddee0f", "aabb.ccdd.ee0f", "AABB-CCDD-EE0F", "aabb:ccdd:ee0f", "aabbcc-ddee0f", "AABBCC:DDEE0F",
    "aAbB.CcDd.eE0f",
)  # fmt: skip
OTHERS = (
    "", "john", "john@example.com", "AA:BB:CC:DD:EE", "AA:BB:CC:DD:EE:0F:11", "AA:BB-CC:DD-EE:0F", "AA:BB:CC:DD:EE:0G",
    "AABBCCDDEE0", "AABBCCDDEE0F1", " AABBCCDDEE0F", "AABBCCDDEE0F\n", "AA:BB:CC:DD:EE:0F ", "aabb.ccdd-ee0f",
    "A:A:B:B:C:C:D:D:E", "::::::::::::", "ÀABBCCDDEE0F", "\u0660" * 12,
)  # fmt: skip

#: Digits in a group, and what separates groups.
FORMS = ((2, ":"), (2, "-"), (4, "."), (4, ":"), (4, "-"), (6, "-"), (12, ""))

octets = st.binary(min_size=6, max_size=6)


def _written(mac: bytes, size: int, separator: str) -> str:
    digits = mac.hex()
    return separator.join(digits[at : at + size] for at in range(0, 12, size))


@pytest.mark.parametrize("text", NOTATIONS)
def test_every_notation_is_the_same_address(text: str) -> None:
    assert mac_of(text) == MAC
    assert station(text) == MAC
    assert login_name(text) == MAC


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_no_address_is_left_alone(text: str) -> None:
    assert mac_of(text) is None
    assert station(text) == text
    assert login_name(text) == fold(text)


@given(octets, st.sampled_from(FORMS), st.booleans())
def test_any_address_in_any_notation_and_case_comes_out_the_same(
    mac: bytes, form: tuple[int, str], upper: bool
) -> None:
    text = _written(mac, *form)
    assert mac_of(text.upper() if upper else text) == _written(mac, 2, ":").upper()


@given(octets)
def test_every_notation_that_we_try_is_one_that_we_read(mac: bytes) -> None:
    normal = _written(mac, 2, ":").upper()
    forms = notations(normal)
    assert {mac_of(form) for form in forms} == {normal}
    assert {form.lower() for form in forms} <= set(forms)


@given(st.text(string.printable, max_size=24))
def test_a_login_name_is_the_same_in_any_case(text: str) -> None:
    assert login_name(text.upper()) == login_name(text.lower()) == login_name(login_name(text))


@given(st.text(max_size=24))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert station(station(text)) == station(text)
    assert mac_of(text) is None or mac_of(text) == mac_of(str(mac_of(text)))


@pytest.mark.parametrize(
    ("one_way", "other_way"),
    [("ΣΑΣ", "σας"), ("ẞ", "ss"), ("Straße", "STRASSE"), ("İ", "i\u0307"), ("é", "E\u0301"), ("ŉ", "ʼN")],
)  # fmt: skip
def test_names_that_differ_by_no_more_than_case_have_one_key(one_way: str, other_way: str) -> None:
    assert login_name(one_way) == login_name(other_way)


@pytest.mark.parametrize("name", ["ı", "ß ", "ａ", "é"])
def test_other_letters_are_other_names(name: str) -> None:
    assert login_name(name) not in {login_name(other) for other in ("i", "ß", "a", "e")}


@pytest.mark.parametrize(
    ("name", "key", "second"),
    [
        ("254712345678", "254712345678", "25:47:12:34:56:78"),
        ("25:47:12:34:56:78", "25:47:12:34:56:78", "254712345678"),
        ("2547.1234.5678", "25:47:12:34:56:78", "254712345678"),
        ("25471234567a", "25:47:12:34:56:7A", None),
        ("2547123456789", "2547123456789", None),
        ("25471234567", "25471234567", None),
        ("٢٥٤٧١٢٣٤٥٦٧٨", "٢٥٤٧١٢٣٤٥٦٧٨", None),
    ],
)
def test_twelve_digits_are_a_name_first_and_a_mac_address_second(name: str, key: str, second: str | None) -> None:
    assert (login_name(name), second_name(name)) == (key, second)
