"""A customer who asked to be forgotten is nowhere in the database any more, and the sums are what they were."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from models import Customer, Erasure
from models.audit_trail import Actor, act_as, record, snapshot
from models.customers.erasure import erase_customer
from models.network import requests
from radius_module.writer.history.erasure import carry_out
from tests.radius_module.writer.history.conftest import run
from tests.support.database import Tenant, make_tenant


def known_by(number: int) -> dict[str, str]:
    """What the person is known by; none of it may be found afterwards."""
    name = f"ada.lovelace{number}@example.org"
    return {"username": name, "full_name": f"Ada{number} Lovelace", "email": name, "phone": f"+44 20 7946 {number:04}",
            "address": f"{number} St James's Square", "mac_address": f"02:AD:A0:00:00:{number:02X}",
            "static_ip": f"198.51.100.{number}"}  # fmt: skip


SESSION = (
    "insert into radacct (isp_id, acctsessionid, customer_id, username, callingstationid, framedipaddress, class,"
    " acctinputoctets, acctoutputoctets, acctstarttime, acctstoptime)"
    " values (:isp, :id, :customer, :username, cast(:mac as text), '198.51.100.77', cast(:mac as text), 5, 7, now(),"
    " {stop})"
)
LOGIN = (
    "insert into radpostauth (isp_id, username, customer_id, callingstationid, reply, code)"
    " values (:isp, :username, :customer, :mac, 'Access-Reject', 'bad_password')"
)
QUARANTINED = (
    "insert into quarantine (isp_id, node, reason, record, octets)"
    " values (:isp, 'n', 'r', jsonb_build_object('username', cast(:username as text)), '')"
)
PAYMENT = (
    "insert into payments (isp_id, provider, provider_account, amount, method, received_at, customer_id, note, actor)"
    " values (:isp, 'manual', 'cash', 1000, 'cash', now(), :customer, :mac, 'x')"
)


class Person:
    """A customer with a history; `owner` writes it, the writer's role strikes it out."""

    def __init__(self, owner: Engine, tenant: Tenant, number: int) -> None:
        self.owner, self.tenant, self.id, self.number = owner, tenant, tenant.customer_id, number
        self.person = known_by(number)
        self.values = {"isp": tenant.isp_id, "customer": tenant.customer_id, "username": self.person["username"],
                       "mac": self.person["mac_address"]}  # fmt: skip
        with self.work() as session:
            customer = session.get_one(Customer, (tenant.isp_id, tenant.customer_id))
            before = snapshot(customer)
            for name, value in self.person.items():
                setattr(customer, name, value)
            record(session, "update", customer, before)
            requests.disconnect(session, customer, "suspended")
        used = {name: self.values[name] for name in ("isp", "customer", "username")}
        run(owner, "update outbox set username = :username, done_at = now(), status = 'done',"
                   " payload = jsonb_build_object('name', cast(:username as text)) where customer_id = :customer"
                   " and isp_id = :isp", **used)  # fmt: skip
        run(owner, SESSION.format(stop="now()"), id="over", **self.values)
        for statement in (LOGIN, QUARANTINED, PAYMENT):
            run(owner, statement, **{name: value for name, value in self.values.items() if f":{name}" in statement})

    def work(self) -> Session:
        session = Session(self.owner, expire_on_commit=False)
        act_as(session, Actor("office"))
        return _Committed(session)  # type: ignore[return-value]

    def erase(self) -> None:
        with self.work() as session:
            erase_customer(session, session.get_one(Customer, (self.tenant.isp_id, self.id)))

    def asked(self) -> None:
        """The worker has asked the devices to end the sessions."""
        run(self.owner, "update outbox set done_at = now(), status = 'done' where done_at is null")

    def traces(self) -> set[str]:
        """Tables in which something of the person is found, whatever the column."""
        tables = run(self.owner, "select table_name from information_schema.tables where table_schema = 'public'"
                                 " and table_type = 'BASE TABLE'")  # fmt: skip
        found = " or ".join(f"position(:trace{number} in t::text) > 0" for number in range(len(self.person)))
        values = {f"trace{number}": trace for number, trace in enumerate(self.person.values())}
        return {
            str(name)
            for (name,) in tables
            if run(self.owner, f'select from "{name}" t where {found} limit 1', **values)
        }


class _Committed:
    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> Session:
        return self._session

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._session.commit()
        self._session.close()


@pytest.fixture
def person(books: Engine, owner: Engine) -> Iterator[Person]:
    number = run(owner, "select count(*) from isps")[0][0]
    yield Person(owner, make_tenant(owner, f"forgetful {number}", address=f"10.40.{number}.1"), int(str(number)))
    run(owner, "delete from erasures; delete from quarantine; delete from audit_log; delete from radpostauth;"
               " delete from outbox; delete from radacct")  # fmt: skip


def erasure(person: Person) -> Erasure:
    with person.work() as session:
        return session.query(Erasure).filter_by(isp_id=person.tenant.isp_id, customer_id=person.id).one()


def test_nothing_of_the_person_is_left_in_any_table(person: Person, engine: Engine) -> None:
    assert person.traces() >= {"customers", "radpostauth", "outbox", "audit_log", "quarantine", "payments"}
    person.erase()
    person.asked()
    assert carry_out(engine) >= 6
    assert person.traces() == {"erasures"}, "its own name is kept while reports may still arrive"
    assert erasure(person).done_at is not None
    run(
        person.owner, "update erasures set done_at = now() - interval '8 days', checked_at = now() - interval '2 hours'"
    )
    carry_out(engine)
    assert person.traces() == set()
    assert erasure(person).requested_by == "office"


def test_octets_sessions_and_payments_stay_under_the_number(person: Person, engine: Engine) -> None:
    person.erase()
    carry_out(engine)

    def of_person(columns: str) -> list[tuple[object, ...]]:
        table = f"{columns} where isp_id = :isp and customer_id = :customer"
        return run(engine, f"select {table}", isp=person.tenant.isp_id, customer=person.id)

    assert of_person("acctinputoctets, acctoutputoctets, acctsessionid from radacct") == [(5, 7, "over")]
    assert of_person("amount, note from payments") == [(1000, None)]
    assert of_person("username, code from radpostauth") == [("(erased)", "bad_password")]
    log = run(engine, "select action from audit_log where isp_id = :isp order by id", isp=person.tenant.isp_id)
    assert [action for (action,) in log] == ["update", "erase"]


def test_somebody_else_of_the_same_name_is_left_alone(person: Person, owner: Engine, engine: Engine) -> None:
    number = run(owner, "select count(*) from isps")[0][0]
    other = Person(owner, make_tenant(owner, f"other {number}", address=f"10.41.{number}.1"), person.number)
    person.erase()
    carry_out(engine)
    assert other.traces() >= {"customers", "radpostauth", "outbox", "audit_log", "quarantine", "payments"}


def test_an_open_session_is_waited_for_and_what_comes_later_goes_too(person: Person, engine: Engine) -> None:
    run(person.owner, SESSION.format(stop="null"), id="open", **person.values)
    person.erase()
    carry_out(engine)
    assert erasure(person).done_at is None
    carry_out(engine)
    run(person.owner, "update radacct set acctstoptime = now()")
    person.asked()
    later = {**person.values, "customer": None}
    run(person.owner, LOGIN, **later)
    run(person.owner, SESSION.format(stop="now()"), id="nobody's", **later)
    run(person.owner, "update erasures set checked_at = now() - interval '2 minutes'")
    carry_out(engine)
    assert erasure(person).done_at is not None
    assert person.traces() == {"erasures"}


def test_the_audit_log_is_changed_only_for_whom_an_erasure_is_written_down(person: Person, engine: Engine) -> None:
    with engine.begin() as connection:
        asked = text("select infora_erase_from_audit(:isp, :customer)")
        assert connection.scalar(asked, {"isp": person.tenant.isp_id, "customer": person.id}) == 0
    assert "audit_log" in person.traces()
