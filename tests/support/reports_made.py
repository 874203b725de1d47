"""Reports as routers would cause them, for tests of spool, ledger and writer."""

from models.accounting.records import INTERIM, AccountingRecord, AuthResult

#: 2026-03-10 12:00 UTC.
NOON = 1773144000.0


def report(
    status: str = INTERIM,
    *,
    isp_id: int = 1,
    device_id: int = 1,
    session_id: bytes = b"80f00001",
    username: bytes = b"john",
    klass: bytes = b"",
    received: float = NOON,
    session_time: int | None = None,
    octets_in: int = 0,
    octets_out: int = 0,
    mac: str = "02:00:00:00:00:01",
    cause: str = "",
    delay: int = 0,
    address: str = "10.1.1.1",
    router: str = "",
) -> AccountingRecord:
    """A report with everything that tests do not care about filled in."""
    return AccountingRecord(
        status, isp_id, device_id, session_id, klass, username, received, delay, session_time, octets_in, octets_out,
        mac=mac, cause=cause, nas_address=address, router=router, framed_address="10.0.0.2", called=b"service1",
    )  # fmt: skip


def result(number: int = 0, *, isp_id: int = 1) -> AuthResult:
    return AuthResult(isp_id, NOON + number, b"john", "Access-Accept", "accept", mac="02:00:00:00:00:01")


def our_class(login_time: float, nonce: int, customer_id: int | None = None, interval: int = 300) -> bytes:
    """Class as the server sends it: version, time of login, nonce, customer, interval; without customer, version 1."""
    whose = b"" if customer_id is None else customer_id.to_bytes(8, "big") + interval.to_bytes(2, "big")
    return (b"\x02" if whose else b"\x01") + int(login_time).to_bytes(4, "big") + nonce.to_bytes(8, "big") + whose
