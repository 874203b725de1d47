"""What the API does with routers themselves, through the worker: tested, compared, repaired, set up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.network.router_world import BothSides
from tests.network.world import Network, Workers, eventually, one_worker
from tests.radius_client.routeros_api import ApiFaults, certificate
from tests.radius_client.routeros_menus import Refusal, Row
from tests.wire.system import System

NAMES = ["712345678", "0712345678", "no", "José", "١٢"]


@pytest.fixture(scope="module")
def worker(system: System, worker_log: Path) -> Iterator[Workers]:
    """One for all of these: no test here breaks it."""
    with one_worker(system, worker_log) as workers:
        yield workers
    assert worker_log.read_text() == ""


@pytest.fixture
def both(network: Network) -> Iterator[BothSides]:
    sides = BothSides(network)
    yield sides
    sides.close()


def report_of(both: BothSides) -> dict[str, Any]:
    began = time.monotonic()
    answer = both.network.api.call("POST", f"{both.path}/test")
    assert time.monotonic() - began < 10
    return answer


def codes(answer: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in answer["findings"]}


def test_a_router_that_works_is_seen_from_both_sides(both: BothSides) -> None:
    answer = report_of(both)
    assert answer["coa"] == {"ok": True, "code": "ok"}
    assert {name: answer["api"][name] for name in ("ok", "code", "identity", "version", "board")} == {
        "ok": True, "code": "ok", "identity": "Tower", "version": "7.16.2 (stable)", "board": "hAP ax^2",
    }  # fmt: skip
    assert "radius_incoming_off" in codes(answer)
    assert all(finding["cure"] for finding in answer["findings"])


def test_each_failure_of_the_api_is_told_apart_in_time(both: BothSides, worker_log: Path) -> None:
    api = both.network.api
    api.call("PATCH", both.path, {"api_password": "wrong-pässword"})
    assert report_of(both)["api"]["code"] == "bad_login"
    api.call("PATCH", both.path, {"api_password": both.server.password})
    both.server.faults = ApiFaults(old_login=True)
    assert report_of(both)["api"]["code"] == "not_logged_in"
    both.server.faults = ApiFaults()
    api.call("PATCH", both.path, {"api_fingerprint": None})
    answer = report_of(both)["api"]
    assert (answer["code"], answer["fingerprint"]) == ("certificate_unknown", certificate().fingerprint)
    api.call("PATCH", both.path, {"api_fingerprint": answer["fingerprint"].upper()})
    assert report_of(both)["api"]["code"] == "ok"
    api.call("PATCH", both.path, {"api_username": None})
    assert report_of(both)["api"]["code"] == "not_configured"
    assert "wrong-p" not in worker_log.read_text()


@pytest.mark.long
@pytest.mark.parametrize(("faults", "code"), [(ApiFaults(is_silent=True), "no_answer"),
                                              (ApiFaults(dribbles=True), "too_slow")])  # fmt: skip
def test_a_router_that_takes_its_time_is_not_waited_for(both: BothSides, faults: ApiFaults, code: str) -> None:
    both.server.faults = faults
    both.router.faults.mute = True
    answer = report_of(both)
    assert (answer["api"]["code"], answer["coa"]["code"]) == (code, "no_answer")


def test_local_users_with_names_of_customers_are_found(both: BothSides) -> None:
    for name in NAMES:
        both.network.tenant.customer(name)
        both.menus.put("/ppp/secret", name=name.upper())
    finding = next(each for each in report_of(both)["findings"] if each["code"] == "local_user_wins")
    assert finding["severity"] == "error" and all(name in finding["text"] for name in NAMES)


def test_sessions_are_compared_and_reconciled_both_ways(both: BothSides) -> None:
    network = both.network
    sessions = {name: network.login(network.tenant.customer(name), framed=f"10.0.0.{number}")
                for number, name in enumerate(NAMES, 2)}  # fmt: skip
    listed = network.api.call("GET", f"{both.path}/sessions")
    assert sorted(item["username"] for item in listed["items"]) == sorted(NAMES)
    assert all(item["on_router"] and item["in_books"] for item in listed["items"])
    assert (listed["only_on_router"], listed["only_in_books"]) == (0, 0)
    # The router has lost one without a Stop, and has one whose Start was lost; a local user is nobody's business.
    del both.router.sessions[sessions["no"].visit.session_id]
    both.extra += [
        {".id": "*FF", "name": "712345678", "session-id": "0x81F00099", "address": "10.0.0.99", "uptime": "1h",
         "radius": "true"},
        {".id": "*FE", "name": "admin", "session-id": "0x81F00098", "address": "10.0.0.98", "uptime": "1h",
         "radius": "false"},
        {".id": "*FD", "name": "new", "session-id": "0x81F00097", "address": "10.0.0.97", "uptime": "5s",
         "radius": "true"},
    ]  # fmt: skip
    listed = network.api.call("GET", f"{both.path}/sessions")
    assert (listed["only_on_router"], listed["only_in_books"]) == (3, 1)
    done = network.api.call("POST", f"{both.path}/reconcile")
    assert [each["username"] for each in done["ended"]] == ["no"]
    assert done["removed"] == [{"username": "712345678", "session_id": "81f00099"}]
    assert done["refused"] == []
    assert [row["name"] for row in both.extra] == ["admin", "new"]
    assert network.online() == len(NAMES) - 1
    assert not sessions["712345678"].is_over


def test_what_the_router_refused_to_remove_is_not_said_to_be_gone(both: BothSides) -> None:
    row = {".id": "*FF", "name": "john", "session-id": "0x81F00099", "address": "10.0.0.99", "uptime": "1h",
           "radius": "true"}  # fmt: skip
    both.extra.append(row)

    def refuse(_row: Row) -> None:
        raise Refusal("failure: not permitted (9)")

    both.menus.removing["/ppp/active"] = refuse
    done = both.network.api.call("POST", f"{both.path}/reconcile")
    assert done["removed"] == []
    assert [(each["username"], each["text"]) for each in done["refused"]] == [("john", "failure: not permitted (9)")]


def test_configure_shows_applies_changes_nothing_again_and_is_taken_back(both: BothSides) -> None:
    api, path = both.network.api, f"{both.path}/configure"
    before = dict(both.menus.settings["/ppp/aaa"])
    body = {"services": ["ppp"], "server": "203.0.113.10"}
    shown = api.call("POST", path, body)
    assert shown["applied"] is False and both.menus.changes == []
    applied = api.call("POST", path, body | {"dry_run": False})
    assert applied["applied"] is True and applied["changes"] == shown["changes"]
    entry = both.menus.tables["/radius"][0]
    assert entry["secret"] == both.router.secret.decode() and "***" in str(applied["changes"])
    assert entry["secret"] not in str(applied)
    made = len(both.menus.changes)
    again = api.call("POST", path, body | {"dry_run": False})
    assert again["changes"] == [] and len(both.menus.changes) == made
    undone = api.call("POST", f"{path}/undo", {"dry_run": False})
    assert undone["applied"] is True
    assert both.menus.tables["/radius"] == [] and both.menus.settings["/ppp/aaa"] == before


def test_configure_stops_before_the_first_change_where_somebody_elses_setup_is(both: BothSides) -> None:
    both.menus.put("/radius", service="ppp", address="192.0.2.1", secret="theirs")
    answer = both.network.api.refused("POST", f"{both.path}/configure", {"server": "203.0.113.10", "dry_run": False})
    assert answer["data"]["code"] == "foreign_setup" and "192.0.2.1" in answer["message"]
    assert both.menus.changes == []


def test_the_last_rung_cuts_where_no_packet_arrives(both: BothSides) -> None:
    network = both.network
    both.router.faults.mute = True
    person, kept = network.tenant.customer("José"), network.tenant.customer("jose")
    # The other one stands first in the router's list.
    other = network.login(kept, framed="10.0.0.3", mac="02:00:00:00:00:02")
    session = network.login(person)
    network.api.call("POST", f"/api/billing/customers/{person.id}/suspend")
    eventually(lambda: session.is_over, True, 20)
    assert session.cause == 6 and not other.is_over
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "done", None)], 10)


@pytest.mark.long
def test_the_last_rung_does_not_believe_a_yes(both: BothSides) -> None:
    network = both.network
    both.router.faults.mute, both.removes = True, False
    session = network.login(network.tenant.customer())
    network.system.sql("update customers set status = 'suspended' where isp_id = :isp", isp=network.isp_id)
    tried = "select payload ->> 'router_api', status from outbox where isp_id = :isp and payload ? 'router_api'"
    eventually(lambda: bool(network.system.sql(tried, isp=network.isp_id)), True, 20)
    assert network.system.sql(tried, isp=network.isp_id)[0] == (
        "The router said yes, and still lists it.", "pending",
    )  # fmt: skip
    assert not session.is_over


def test_who_was_accepted_and_not_let_on_is_found_with_the_routers_own_words(both: BothSides) -> None:
    network = both.network
    person = network.tenant.customer("john")
    network.system.settle()
    assert network.router.login(person.username, person.password, start=False) is not None
    accepted = "select count(*) from radpostauth where isp_id = :isp and authdate < now() - interval '1 minute'"
    eventually(lambda: _aged(network, accepted), 1)
    line = "john (10.0.0.5): login failed: no address from ip pool"
    both.menus.put("/log", topics="hotspot,info,debug", message=line)
    finding = next(each for each in report_of(both)["findings"] if each["code"] == "accepted_but_refused")
    assert "no address from ip pool" in finding["text"] and "pool" in finding["cure"]


def _aged(network: Network, question: str) -> int:
    network.system.sql(
        "update radpostauth set authdate = authdate - interval '2 minutes' "
        "where isp_id = :isp and authdate > now() - interval '1 minute'", isp=network.isp_id,
    )  # fmt: skip
    return int(network.system.sql(question, isp=network.isp_id)[0][0])
