"""The upgrade that names sessions anew: one that runs while it happens stays one session, and counts once."""

from __future__ import annotations

from hashlib import blake2b
from importlib import import_module

from sqlalchemy import Engine, text

from models.accounting import booking
from models.accounting.records import START, AccountingRecord
from models.accounting.session import plain_id
from models.accounting.session_id import read_class
from tests.support.database import Tenant
from tests.support.reports_made import NOON, our_class, report

NAME_ANEW: str = import_module("models.migrations.versions.0010_ids_in_order").NAME_ANEW
name_anew = import_module("models.migrations.versions.0019_whose_sessions").name_anew


def named_before(one: AccountingRecord) -> str:
    """As versions before the upgrade did."""
    nonce = read_class(one.klass, one.received).nonce
    octets = b"%d.%d.0.%d." % (one.isp_id, one.device_id, len(nonce)) + nonce + one.session_id
    return blake2b(octets, digest_size=16).hexdigest()


def name_as_before(engine: Engine, one: AccountingRecord) -> None:
    """Its row, which the books have just made."""
    now = plain_id(one, read_class(one.klass, one.received))
    with engine.begin() as connection:
        done = connection.execute(
            text("update radacct set acctuniqueid = :before where acctuniqueid = :now"),
            {"before": named_before(one), "now": now},
        )
        assert done.rowcount == 1


def test_a_session_that_runs_stays_one_session(books: Engine, tenant: Tenant) -> None:
    of = {"isp_id": tenant.isp_id, "device_id": tenant.device_id, "username": b"JOHN"}
    ours, foreign = our_class(NOON, 7), b"another server's"
    begun = [report(START, session_id=name, klass=klass, **of)  # type: ignore[arg-type]
             for name, klass in ((b"80f00001", ours), (b"80f00002", foreign), (b"80f00003", b""))]  # fmt: skip
    later = [one._replace(status="Interim-Update", received=NOON + 300, session_time=300, octets_in=10)
             for one in begun]  # fmt: skip
    with books.begin() as connection:
        booking.book(connection, begun)
    for one in begun:
        name_as_before(books, one)
    for _ in range(2):  # an upgrade may be repeated
        with books.begin() as connection:
            connection.execute(text(NAME_ANEW))
            name_anew(connection)
    with books.begin() as connection:
        booking.book(connection, later)
        found = connection.execute(
            text("select acctsessionid, acctinputoctets from radacct order by acctsessionid")
        ).all()  # fmt: skip
        assert found == [("80f00001", 10), ("80f00002", 10), ("80f00003", 10)]
        assert connection.scalar(text("select bytes_in from usage")) == 30
