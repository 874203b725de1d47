"""Records into the table of who is online, as the feed applies them to a customer."""

from models.accounting.plausible import LEAST_RATE
from models.accounting.records import AccountingRecord, InferredStop
from models.accounting.session import plain_id
from models.accounting.session_id import read_class
from models.timetable import Timetable
from radius_module.online.line_rate import Line
from radius_module.online.table import OnlineTable


def apply(
    online: OnlineTable,
    record: AccountingRecord,
    customer_id: int,
    period_start: float,
    most_open: int = 22,
    rate: float = LEAST_RATE,
    timetable: Timetable | None = None,
) -> list[InferredStop]:
    """Sessions that the record shows to be over."""
    session_class = read_class(record.klass, record.received)
    uid = plain_id(record, session_class)
    line = Line(most_open, rate, timetable)
    return online.apply_record(record, session_class, uid, customer_id, period_start, line)
