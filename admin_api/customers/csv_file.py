"""Customers from and to CSV: reading rows one by one, checked as bodies are; writing them as they come."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import IO, Any

from flask import Response, request
from pydantic import ValidationError
from sqlalchemy import ScalarResult, Select
from sqlalchemy.orm import Session

from admin_api.customers.bodies import CustomerIn
from admin_api.web.csv_rows import csv_response, plain
from admin_api.web.database import lend_to, now, session, tenant_id, tenant_rows
from admin_api.web.errors import refuse
from admin_api.web.money import shown_amount
from admin_api.web.plain_words import in_plain_words
from admin_api.web.spreadsheets import NotATable
from admin_api.web.spreadsheets.cells import check_text, day, decimal_number, doubt, telephone_doubt, whole_number
from admin_api.web.spreadsheets.table_file import named, read_table
from admin_api.web.strict import unknown
from models import Customer, ServicePlan
from models.customers.bulk_import import MOST_ERRORS, Row, RowError
from models.refusals import Invalid
from models.subscriptions.allowance import allowances
from models.subscriptions.status import shown_expiry, shown_status

#: Octets of an import; 50,000 rows of customers are about 10 MB.
LARGEST_FILE = 64_000_000
COLUMNS = (
    "id", "username", "full_name", "email", "phone", "address", "service_plan_id", "status", "expires_at", "static_ip",
    "mac_address", "created_at", "not_started", "plan", "price", "used_bytes", "remaining_bytes",
    "uncounted_bytes", "used_seconds", "remaining_seconds",
)  # fmt: skip
_WORKED_OUT = ("plan", "price", "used_bytes", "remaining_bytes", "uncounted_bytes", "used_seconds", "remaining_seconds")
_OF_THE_ROW = COLUMNS[: -len(_WORKED_OUT)]
#: Customers whose usage is worked out in one statement.
_PAGE = 1000
_READ = frozenset(CustomerIn.model_fields)
#: The one column whose empty cell says something: no plan.
_PLAN = "service_plan_id"


def uploaded() -> IO[bytes]:
    """The file: the body itself, or the form's field `file`."""
    request.max_content_length = LARGEST_FILE
    if request.mimetype == "multipart/form-data":
        if "file" not in request.files:
            refuse(422, "invalid", "Some fields are missing.", errors={"file": ["is required"]})
        return request.files["file"].stream
    return request.stream


def read_rows(file: IO[bytes], errors: list[RowError], doubts: list[RowError]) -> Iterator[Row]:
    """The rows that are right in themselves; what is wrong goes to `errors`, up to MOST_ERRORS. The header is row 1.

    `doubts`: what was taken and should be asked about, as many at most.
    """
    try:
        table = read_table(_Stream(file))
        header = _header(next(table, (1, []))[1])
        for number, cells in table:
            if (row := _row(number, header, cells, errors)) is not None:
                if len(doubts) < MOST_ERRORS:
                    doubts += _doubts(number, header, cells)
                yield row
            if len(errors) >= MOST_ERRORS:
                return
    except NotATable as wrong:
        refuse(400, "bad_file", str(wrong))


def exported(customers: Select[Customer]) -> Response:
    """The file, streamed; status and usage are those of today, and a password is in no file."""
    rows = session().execute(customers.execution_options(yield_per=_PAGE)).scalars()
    offers = session().scalars(tenant_rows(ServicePlan))
    plans = {plan.id: (plan.name, shown_amount(plan.price_minor)) for plan in offers}
    return lend_to(csv_response("customers", COLUMNS, _lines(rows, session(), tenant_id(), now(), plans)))


def _header(cells: list[str]) -> list[str]:
    header = named(cells, [*CustomerIn.model_fields, *COLUMNS])
    while header and not header[-1]:
        header.pop()
    unknown_columns = [name for name in header if name not in _READ and name not in COLUMNS]
    if unknown_columns and len(unknown_columns) < len(header):
        known = [*CustomerIn.model_fields, *COLUMNS]
        errors = {name: [unknown(name, known)] for name in unknown_columns}
        refuse(422, "invalid", "Some columns are not known.", errors=errors)
    if "password" not in header or not {"username", "email"} & set(header):
        refuse(400, "bad_file", "The first line must name the columns: password, and username or email, among them.")
    if len(set(header)) != len(header):
        refuse(400, "bad_file", "The first line names a column twice.")
    if _PLAN not in header:
        missing = "is required: an empty cell is a customer without a plan"
        refuse(422, "invalid", "A column is missing.", errors={_PLAN: [missing]})
    return header


def _row(number: int, header: list[str], cells: list[str], errors: list[RowError]) -> Row | None:
    extra = len(cells) - len(header)
    if extra < 0 or any(cells[len(header) :]):
        errors.append(RowError(number, "", f"has {len(cells)} cells instead of {len(header)}"))
        return None
    values = _values(number, header, cells, errors)
    if values is None:
        return None
    try:
        body = CustomerIn.model_validate(values)
        columns = body.columns()
    except ValidationError as wrong:
        errors += [RowError(number, _column(error["loc"]), in_plain_words(error["msg"])) for error in wrong.errors()]
        return None
    except Invalid as wrong:
        errors.append(RowError(number, wrong.field, wrong.message))
        return None
    del columns["password"]
    columns["username"] = body.username or body.email
    if columns["username"] is None:
        errors.append(RowError(number, "username", "is required where no email is given"))
        return None
    return Row(number, columns, body.password)


def _values(number: int, header: list[str], cells: list[str], errors: list[RowError]) -> dict[str, str | None] | None:
    """The cells of a customer's fields as a body has them; None where a spreadsheet has spoilt one."""
    values: dict[str, str | None] = {}
    spoilt = False
    for name, cell in zip(header, cells, strict=False):
        if name in _READ and (cell or name == _PLAN):
            try:
                values[name] = str(_READERS.get(name, _text)(cell))
            except ValueError as wrong:
                errors.append(RowError(number, name, str(wrong)))
                spoilt = True
    values[_PLAN] = values.get(_PLAN) or None
    return None if spoilt else values


def _text(cell: str) -> str:
    check_text(cell)
    return plain(cell)


def _password(cell: str) -> str:
    """As it stands: nobody exports it, so no apostrophe was ever put before it."""
    check_text(cell)
    return cell


_READERS: dict[str, Callable[[str], str]] = {
    "password": _password, "service_plan_id": whole_number, "credit_limit": decimal_number, "expires_at": day,
}  # fmt: skip


def _doubts(number: int, header: list[str], cells: list[str]) -> list[RowError]:
    asked = []
    for name, cell in zip(header, cells, strict=False):
        if name == "password" or (name in _READ and name not in _READERS):
            question = telephone_doubt(cell) if name == "phone" else doubt(cell)
            asked += [RowError(number, name, question)] if question else []
    return asked


def _column(location: tuple[int | str, ...]) -> str:
    """Of a validation error; empty where it is about the row."""
    return str(location[0]) if location else ""


def _lines(
    customers: ScalarResult[Customer], work: Session, isp_id: int, moment: datetime, plans: dict[int, tuple[str, str]]
) -> Iterator[list[object]]:
    """Made while they are sent, when the request is over for everything but the session."""
    for page in customers.partitions(_PAGE):
        used = allowances(work, isp_id, [customer.id for customer in page], moment)
        for customer in page:
            plan, allowance = plans.get(customer.service_plan_id or 0, (None, None)), used[customer.id]
            octets = allowance.used, allowance.remaining, allowance.uncounted
            yield _cells(customer, moment, (*plan, *octets, allowance.seconds, allowance.seconds_left))


def _cells(customer: Customer, moment: datetime, further: tuple[object, ...]) -> list[object]:
    cells = [getattr(customer, name) for name in _OF_THE_ROW]
    cells[COLUMNS.index("status")] = shown_status(customer.status, customer.expires_at, moment)
    cells[COLUMNS.index("expires_at")] = shown_expiry(customer)
    cells += further
    return ["" if cell is None else cell.isoformat() if hasattr(cell, "isoformat") else cell for cell in cells]


class _Stream(io.RawIOBase):
    """A request's stream as io knows streams."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  # a writable buffer
        octets = self._file.read(len(buffer))
        buffer[: len(octets)] = octets
        return len(octets)
