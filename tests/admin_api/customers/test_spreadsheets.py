"""Customers from tables as spreadsheets and other systems write them: what each file gives, or why it is refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from tests.support.caller import Answer, Tenant

BASE = "/api/billing/customers"
FILES = Path(__file__).parent / "files"
ANN = ("ann", "secret-1", "+254700000001")
HEADER = ["username", "password", "phone", "service_plan_id"]
NUMBERS = ["username", "password", "credit_limit", "service_plan_id"]
CUT = "is a number that the spreadsheet has cut"
LOST = "zeros in front of it"


def book(*rows: list[object], change: Callable[[Workbook], None] | None = None) -> bytes:
    """A workbook with these rows on its first sheet."""
    workbook = Workbook()
    for row in rows:
        workbook.active.append(row)  # type: ignore[union-attr]
    if change:
        change(workbook)
    octets = io.BytesIO()
    workbook.save(octets)
    return octets.getvalue()


def _import(tenant: Tenant, file: bytes, query: str = "") -> Answer:
    return Answer(tenant.staff.raw("POST", f"{BASE}/import{query}", data=file, content_type="application/octet-stream"))


def _another_sheet(workbook: Workbook) -> None:
    workbook.create_sheet("Other").append(["x"])


COMMA = "username,password,phone,service_plan_id\r\nann,secret-1,+254700000001,\r\n"
TAKEN: dict[str, bytes] = {
    "commas": COMMA.encode(),
    "lines that end as on Unix": COMMA.replace("\r\n", "\n").encode(),
    "lines that end as on an old Mac": COMMA.replace("\r\n", "\r").encode(),
    "no end of the last line": COMMA.rstrip().encode(),
    "semicolons": COMMA.replace(",", ";").encode(),
    "tabs": COMMA.replace(",", "\t").encode(),
    "bars": COMMA.replace(",", "|").encode(),
    "a byte order mark": COMMA.encode("utf-8-sig"),
    "Excel's Unicode text": COMMA.replace(",", "\t").encode("utf-16"),
    "UTF-16 of the other order": b"\xfe\xff" + COMMA.encode("utf-16-be"),
    "sep=": b"sep=;\r\n" + COMMA.replace(",", ";").encode(),
    "sep= behind a mark": b"\xef\xbb\xbfSEP=,\n" + COMMA.encode(),
    "sep= in quotes, padded": b'"sep=;";;;\r\n' + COMMA.replace(",", ";").encode(),
    "everything in quotes": b'"username","password","phone","service_plan_id"\n"ann","secret-1","+254700000001",""\n',
    "blanks and capitals in the header": COMMA.replace("username", " User Name ").replace("phone", "PHONE").encode(),
    "words parted otherwise": COMMA.replace("service_plan_id", "Service-Plan ID").encode(),
    "empty rows": ("\r\n" + COMMA).replace("\r\nann", "\r\n,,,\r\n\r\nann").encode() + b",,,\r\n \r\n",
    "empty columns behind the last": COMMA.replace("\r\n", ",,\r\n").encode(),
    "an apostrophe before the sign": COMMA.replace("+254", "'+254").encode(),
    "other columns of our own export": COMMA.replace("phone", "phone,id").replace(ANN[2], ANN[2] + ",7").encode(),
    "a workbook": book(HEADER, [*ANN, None]),
    "a workbook with empty rows": book([], HEADER, [], [None, None], [*ANN, None], []),
    "a workbook with a wide, coloured nothing": book(HEADER, [*ANN, None, None, "", None]),
    "a workbook of several sheets": book(HEADER, [*ANN, None], change=_another_sheet),
}  # fmt: skip


@pytest.mark.parametrize("kind", TAKEN)
def test_what_is_taken(tenant: Tenant, kind: str) -> None:
    answer = _import(tenant, TAKEN[kind])
    assert answer.data == {"imported": 1, "dry_run": False, "warnings": []}
    (row,) = tenant.viewer.get(BASE).data["items"]
    assert (row["username"], row["phone"], row["service_plan_id"]) == ("ann", ANN[2], None)


@pytest.mark.parametrize(
    ("written", "amount"),
    [("12.50", "12.50"), ("12,50", "12.50"), ("12,5", "12.50"), ("1.234,50", "1234.50"), ("1,234.50", "1234.50"),
     ("1 234,50", "1234.50"), ("1\u00a0234,5", "1234.50"), ("1'234.50", "1234.50"), ("1.234.567,89", "1234567.89"),
     ("1,234", None), ("(5.00)", None), ("USD 5", None), ("5,00-", None), ("1.23.4", None), ("2.5E+11", None)],
)  # fmt: skip
def test_amounts_are_read_knowingly_or_refused(tenant: Tenant, written: str, amount: str | None) -> None:
    rows = (NUMBERS, ["ann", "p", written, ""])
    answer = _import(tenant, "\n".join("\t".join(row) for row in rows).encode())
    if amount is None:
        assert answer.status == 422 and [(row["row"], row["column"]) for row in answer.data["rows"]] == [
            (2, "credit_limit")
        ]
    else:
        assert answer.status == 200, answer.data
        assert tenant.viewer.get(BASE).data["items"][0]["credit_limit"] == amount


#: file, row, column, words
REFUSED: dict[str, tuple[bytes, int, str, str]] = {
    "a telephone number as a power of ten": (COMMA.replace("+254700000001", "2.54712E+11").encode(), 2, "phone", CUT),
    "the same with a comma": (
        COMMA.replace(",", ";").replace("+254700000001", "2,54712E+11").encode(), 2, "phone", CUT),
    "a password as a power of ten": (COMMA.replace("secret-1", "7.1E+08").encode(), 2, "password", CUT),
    "a name of sixteen digits": (book(HEADER, [1234567890123456, "p", None, None]), 2, "username", CUT),
    "a formula": (book(HEADER, ["=A1", "p", None, None]), 2, "username", "holds a formula"),
    "a name that became a day": (book(HEADER, [date(2026, 2, 1), "p", None, None]), 2, "username", "is a day"),
    "an error of the spreadsheet": (COMMA.replace("ann", "#REF!").encode(), 2, "username", "is an error"),
    "a day as a number": (
        book([*HEADER, "expires_at"], ["ann", "p", None, None, 46053]), 2, "expires_at", "is a number"),
    "a plan with a fraction": (book(HEADER, ["ann", "p", None, 1.5]), 2, "service_plan_id", "whole number"),
    "a row that is too short": (COMMA.encode() + b"bob,p\r\n", 3, "", "has 2 cells instead of 4"),
    "a row that is too long": (COMMA.encode() + b"bob,p,,,x\r\n", 3, "", "has 5 cells instead of 4"),
    "rows are counted as they are shown": (COMMA.encode() + b"\r\n,,,\r\nbob,,,\r\n", 5, "password", "required"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_refused_by_row_and_column(tenant: Tenant, kind: str) -> None:
    file, row, column, words = REFUSED[kind]
    answer = _import(tenant, file)
    assert answer.status == 422
    (error,) = answer.data["rows"]
    assert (error["row"], error["column"]) == (row, column) and words in error["message"].lower()
    assert tenant.viewer.get(BASE).data["total"] == 0


UNREADABLE: dict[str, tuple[bytes, str]] = {
    "an old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ".xls"),
    "an archive that is no workbook": (b"PK\x03\x04" + bytes(100), "no Excel workbook"),
    "Windows' own letters": (COMMA.replace("ann", "José").encode("cp1252"), "CSV UTF-8"),
    "half of a workbook": (book(HEADER, [*ANN, None])[:2000], "no Excel workbook"),
    "a quote that does not end": (COMMA.replace("ann", '"ann').encode(), "not CSV"),
    "nothing": (b"", "first line"),
    "no header": (b"ann,secret\n", "first line"),
    "a column twice": (b"Username,user name,password,service_plan_id\n", "twice"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_says_what_to_do(tenant: Tenant, kind: str) -> None:
    file, words = UNREADABLE[kind]
    answer = _import(tenant, file)
    assert (answer.status, answer.data["code"]) == (400, "bad_file") and words in answer.body["message"]


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(tenant: Tenant) -> None:
    octets = io.BytesIO(book(HEADER, [*ANN, None]))
    with zipfile.ZipFile(octets, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/picture", bytes(129_000_000))
    answer = _import(tenant, octets.getvalue())
    assert (answer.status, answer.data["code"]) == (400, "bad_file") and "too large" in answer.body["message"]


def test_an_opendocument_sheet_is_no_workbook(tenant: Tenant) -> None:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert _import(tenant, octets.getvalue()).data["code"] == "bad_file"


@pytest.mark.parametrize(
    ("row", "asked"),
    [(["ann", "p", 712345678, None], [("phone", "neither 0 nor +")]), ([1001, "p", None, None], [("username", LOST)]),
     (["ann", 712, "0712345678", None], [("password", LOST)]), (["ann", "p", "254712345678", None], [])],
)  # fmt: skip
def test_what_may_have_lost_its_zeros_is_taken_and_asked_about(
    tenant: Tenant, row: list[object], asked: list[tuple[str, str]]
) -> None:
    for answer in (_import(tenant, book(HEADER, row), "?dry_run=1"), _import(tenant, book(HEADER, row))):
        warnings = answer.data["warnings"]
        assert [(warning["row"], warning["column"]) for warning in warnings] == [(2, column) for column, _ in asked]
        assert all(words in warning["message"] for warning, (_, words) in zip(warnings, asked, strict=True))


def test_days_and_numbers_of_a_workbook_are_themselves(tenant: Tenant) -> None:
    plan = tenant.plan()
    header = ["Username", "Password", "Service plan ID", "Expires at", "Credit limit", "Auto renew"]
    rows: list[list[Any]] = [
        ["ann", "p", plan["id"], date(2027, 12, 31), 12.5, True],
        ["bob", "p", float(plan["id"]), datetime(2027, 12, 31, 18, 30), 10, False],  # noqa: DTZ001  # as sheets have it
    ]
    assert _import(tenant, book(header, *rows)).data["imported"] == 2
    shown = {row["username"]: row for row in tenant.viewer.get(BASE).data["items"]}
    ann, bob = shown["ann"], shown["bob"]
    assert (ann["service_plan_id"], ann["expires_at"], ann["credit_limit"]) == (
        plan["id"],
        "2028-01-01T00:00:00Z",
        "12.50",
    )
    assert (bob["service_plan_id"], bob["expires_at"], bob["credit_limit"]) == (
        plan["id"],
        "2027-12-31T18:30:00Z",
        "10.00",
    )
    assert (ann["auto_renew"], bob["auto_renew"]) == (True, False)


def test_errors_come_in_the_order_of_the_rows(tenant: Tenant) -> None:
    tenant.customer(username="taken")
    text = "username,password,service_plan_id\ntaken,p,\nb,,\ntaken,p,\nc,p,x\nd,p,999999\n"
    rows = [row["row"] for row in _import(tenant, text.encode()).data["rows"]]
    assert rows == sorted(rows) and set(rows) == {2, 3, 4, 5, 6}


@pytest.mark.parametrize("file", sorted(FILES.glob("*")), ids=lambda file: file.name)
def test_what_libreoffice_writes(tenant: Tenant, file: Path) -> None:
    """Each was saved by LibreOffice 7.4 from one sheet: two customers, one with a number where a telephone belongs."""
    answer = _import(tenant, file.read_bytes())
    assert answer.data["imported"] == 2, answer.data
    assert [(warning["row"], warning["column"]) for warning in answer.data["warnings"]] == [(3, "phone")]
    shown = {row["username"]: row for row in tenant.viewer.get(BASE).data["items"]}
    assert (shown["josé"]["full_name"], shown["josé"]["phone"]) == ("José Núñez", "+254700000001")
    assert shown["josé"]["credit_limit"] == "1234.50"
    assert (shown["bob"]["phone"], shown["bob"]["expires_at"]) == ("712345678", "2028-01-01T00:00:00Z")


def test_an_export_is_read_right_by_excel_and_says_what_customers_have(tenant: Tenant) -> None:
    plan = tenant.plan(name="Zehn", price="12.50", data_limit=5)
    tenant.customer(username="josé", service_plan_id=plan["id"])
    tenant.customer(username="nobody", service_plan_id=None)
    octets = tenant.viewer.raw("GET", f"{BASE}?format=csv&sort=id").get_data()
    assert octets.startswith("\ufeff".encode())
    header, josé, nobody = (line.split(",") for line in octets.decode("utf-8-sig").splitlines())
    assert header[-7:-3] == ["plan", "price", "used_bytes", "remaining_bytes"]
    assert josé[-7:] == ["Zehn", "12.50", "0", "5000000000", "0", "0", ""] and josé[1] == "josé"
    assert nobody[-7:] == ["", "", "0", "", "0", "0", ""]
