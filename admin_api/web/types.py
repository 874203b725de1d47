"""The kinds of values that recur in bodies: each is checked, and normalised."""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from admin_api.web.strict import Strict, decimal_text, whole_text
from models.names import mac_of
from models.secrets.generated import API_KEY_FORM, MADE_BY_SERVER, RADIUS_SECRET_FORM
from models.secrets.password_hashes import (
    LONGEST_CUSTOMER_PASSWORD,
    LONGEST_OPERATOR_PASSWORD,
    SHORTEST_OPERATOR_PASSWORD,
    check_customer_password,
    check_operator_password,
)

GB = 10**9
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


class Body(Strict):
    """A JSON body."""

    def given(self) -> dict[str, Any]:
        """The fields that the body has, explicit nulls included."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def unchanged() -> Any:  # noqa: ANN401  # stands for any field's type
    """The default of a field that may be absent, and may not be null."""
    return Field(default=None)


class Shown(BaseModel):
    """What is answered; built from rows."""

    model_config = ConfigDict(from_attributes=True)


def _storable(text: str) -> str:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must be text without NUL")
    return text


def _printable(text: str) -> str:
    if not _storable(text).isprintable():
        raise ValueError("must be printable characters")
    return text


def _named(text: str) -> str:
    if not _printable(text).strip():
        raise ValueError("must not be blank")
    return text


def _trimmed(text: str) -> str:
    if text != text.strip():
        raise ValueError("must not begin or end with a space")
    return text


def _password(text: str) -> str:
    check_customer_password(_storable(text))
    return text


def _operator_password(text: str) -> str:
    check_operator_password(_storable(text))
    return text


def _username(text: str) -> str:
    if not 1 <= len(_trimmed(_printable(text)).encode()) <= 253:
        raise ValueError("must have 1 to 253 bytes of UTF-8")
    return text


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(_printable(text)):
        raise ValueError("must be an e-mail address")
    return text


def _api_key(text: str) -> str:
    if text != MADE_BY_SERVER and not API_KEY_FORM.fullmatch(text):
        raise ValueError(f"must be {MADE_BY_SERVER}, or 32 to 200 printable ASCII characters without spaces")
    return text


def _radius_secret(text: str) -> str:
    if not RADIUS_SECRET_FORM.fullmatch(text):
        raise ValueError("must be 6 to 128 printable ASCII characters without space, quotes and backslash")
    return text


def _isp_radius_secret(text: str) -> str:
    return text if text == MADE_BY_SERVER else _radius_secret(text)


def _device_radius_secret(text: str) -> str:
    return text if text in (MADE_BY_SERVER, "isp") else _radius_secret(text)


def _timezone(text: str) -> str:
    if text not in zoneinfo.available_timezones():
        raise ValueError("must be a time zone such as Africa/Nairobi")
    return text


def _mac(text: str) -> str:
    # People also write blanks, and the notations mixed.
    address = mac_of(re.sub(r"[-:. ]", "", text))
    if address is None:
        raise ValueError("must be a MAC address such as AA:BB:CC:DD:EE:FF")
    return address


def _host_address(text: str) -> str:
    """What a customer can be given: an IPv4 address of a host."""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        raise ValueError("must be an IPv4 address") from None
    if address.is_multicast or address.is_unspecified or address.is_loopback or address.is_reserved:
        raise ValueError("must be the address of a host")
    return str(address)


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text.strip()))
    except ValueError:
        raise ValueError("must be an IP address such as 10.9.0.7 or 2001:db8::7, or a network of them") from None


def _number(value: Decimal) -> int | float:
    """Whole numbers without a point."""
    return int(value) if value == value.to_integral_value() else float(value)


def _no_prefix(text: str) -> str:
    address, _, length = text.partition("/")
    return address if length in ("", "32" if "." in address else "128") else text


Text = Annotated[str, Field(max_length=2000), AfterValidator(_storable)]
#: What is looked for; blanks around it are nobody's name.
Wanted = Annotated[str, Field(max_length=253), AfterValidator(_storable), AfterValidator(str.strip)]
Line = Annotated[str, Field(max_length=200), AfterValidator(_printable)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_named)]
Username = Annotated[str, Field(min_length=1, max_length=253), AfterValidator(_username)]
Email = Annotated[str, Field(max_length=254), AfterValidator(_email)]
CustomerPassword = Annotated[str, Field(min_length=1, max_length=LONGEST_CUSTOMER_PASSWORD), AfterValidator(_password)]
OperatorPassword = Annotated[
    str,
    Field(min_length=SHORTEST_OPERATOR_PASSWORD, max_length=LONGEST_OPERATOR_PASSWORD),
    AfterValidator(_operator_password),
]
ApiKey = Annotated[str, AfterValidator(_api_key)]
IspRadiusSecret = Annotated[str, AfterValidator(_isp_radius_secret)]
DeviceRadiusSecret = Annotated[str, AfterValidator(_device_radius_secret)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
MacAddress = Annotated[str, Field(max_length=30), AfterValidator(_mac)]
HostAddress = Annotated[str, AfterValidator(_host_address)]
#: As PostgreSQL takes it; an address is a network of one.
AddressOrNetwork = Annotated[str, Field(max_length=50), AfterValidator(_network)]
#: Numbers as JSON has them, or as plain digits.
Whole = Annotated[int, BeforeValidator(whole_text)]
Exact = Annotated[Decimal, BeforeValidator(decimal_text)]
Port = Annotated[Whole, Field(ge=1, le=65535)]
Mbps = Annotated[Exact, Field(gt=0, le=1_000_000, decimal_places=3)]
Minutes = Annotated[Whole, Field(ge=1, le=357_912)]
#: 10^9 bytes; nine decimals are exact.
Gigabytes = Annotated[Exact, Field(ge=0, le=1_000_000_000, decimal_places=9)]
RowId = Annotated[Whole, Field(ge=1, lt=2**63)]

#: As shown: a number, whole ones without a point.
Number = Annotated[Decimal, PlainSerializer(_number, return_type=float | int)]
Address = Annotated[str, AfterValidator(_no_prefix)]


def octets(gigabytes: Decimal) -> int:
    """GB of 10^9 bytes to octets, exactly."""
    return int(gigabytes * GB)
