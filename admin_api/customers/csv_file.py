"""Customers from and to CSV: reading rows one by one, checked as bodies are; writing them as they come."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any

from flask import Response, request
from pydantic import ValidationError
from sqlalchemy import Select

from admin_api.customers.bodies import CustomerIn
from admin_api.web.csv_rows import csv_response, plain
from admin_api.web.database import lend_to, now, session
from admin_api.web.errors import in_plain_words, refuse
from admin_api.web.strict import unknown
from models import Customer
from models.customers.bulk_import import MOST_ERRORS, Row, RowError
from models.refusals import Invalid
from models.subscriptions.status import shown_status

#: Octets of an import; 50,000 rows of customers are about 10 MB.
LARGEST_FILE = 64_000_000
COLUMNS = (
    "id", "username", "full_name", "email", "phone", "address", "service_plan_id", "status", "expires_at", "static_ip",
    "mac_address", "created_at",
)  # fmt: skip
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


def read_rows(file: IO[bytes], errors: list[RowError]) -> Iterator[Row]:
    """The rows that are right in themselves; what is wrong goes to `errors`, up to MOST_ERRORS. The header is row 1."""
    lines = io.TextIOWrapper(io.BufferedReader(_Stream(file)), encoding="utf-8-sig", newline="")
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, [])
        _check_header(header)
        for number, cells in enumerate(reader, 2):
            if cells and (row := _row(number, header, cells, errors)) is not None:
                yield row
            if len(errors) >= MOST_ERRORS:
                return
    except UnicodeDecodeError:
        refuse(400, "bad_file", "The file is not UTF-8.")
    except csv.Error as wrong:
        refuse(400, "bad_file", f"The file is not CSV: {wrong} (line {reader.line_num}).")


def exported(customers: Select[Customer]) -> Response:
    """The file, streamed; the status is that of today, and a password is in no file."""
    moment = now()
    rows = session().execute(customers.execution_options(yield_per=1000)).scalars()
    return lend_to(csv_response("customers", COLUMNS, (_cells(customer, moment) for customer in rows)))


def _check_header(header: list[str]) -> None:
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


def _row(number: int, header: list[str], cells: list[str], errors: list[RowError]) -> Row | None:
    if len(cells) != len(header):
        errors.append(RowError(number, "", f"has {len(cells)} cells instead of {len(header)}"))
        return None
    # A password is taken as it stands: nobody exports it, so no apostrophe was ever put before it.
    values: dict[str, str | None] = {
        name: cell if name == "password" else plain(cell)
        for name, cell in zip(header, cells, strict=True)
        if name in _READ and (cell or name == _PLAN)
    }
    values[_PLAN] = values[_PLAN] or None
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


def _column(location: tuple[int | str, ...]) -> str:
    """Of a validation error; empty where it is about the row."""
    return str(location[0]) if location else ""


def _cells(customer: Customer, moment: datetime) -> list[object]:
    cells = [getattr(customer, name) for name in COLUMNS]
    cells[COLUMNS.index("status")] = shown_status(customer.status, customer.expires_at, moment)
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
