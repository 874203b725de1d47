"""The hours of a plan in sessions that are open: another speed by CoA, and an end where what is used up counts again.

Boundaries are whole minutes. The daily tests put the session before one that has just passed; the long one waits for
the next, and says how late the change was on the line.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.network.world import Network, eventually
from tests.radius_client.dynamic import COA, DISCONNECT

DAY = 86_400
GB = 10**9


def clock(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M")


def window(begin: float, **more: Any) -> dict[str, Any]:
    """Half a day from that moment on."""
    return {"from": clock(begin), "to": clock(begin + DAY / 2), **more}


def let_in_before(network: Network, person: Any, boundary: float) -> None:
    """The session's login, as its Class has it, was a minute before."""
    network.system.sql(
        "update radacct set class = '02' || lpad(to_hex(:login), 8, '0') || substr(class, 11),"
        " acctstarttime = to_timestamp(:login) where customer_id = :id", login=int(boundary) - 60, id=person.id,
    )  # fmt: skip


def set_hours(network: Network, person: Any, hours: Sequence[dict[str, Any]]) -> None:
    """By SQL alone, which writes no event: what follows is the clock's doing."""
    network.system.sql(
        "update service_plans set hours = cast(:hours as jsonb) where id = "
        "(select service_plan_id from customers where id = :id)", hours=json.dumps(hours), id=person.id,
    )  # fmt: skip


def test_a_session_gets_the_speed_of_the_hour_that_has_begun(network: Network) -> None:
    person = network.tenant.on_plan(bandwidth_limit=Decimal(10))
    session = network.login(person)
    assert session.rate == "10M/10M"
    boundary = time.time() // 60 * 60
    let_in_before(network, person, boundary)
    set_hours(network, person, [window(boundary, bandwidth_limit=50, upload_limit=5)])
    eventually(lambda: session.rate, "5M/50M", 5)
    eventually(lambda: network.states(person.id), [("coa", "time_of_day", "sent", None)])
    time.sleep(1.3)
    assert len(network.asked(person.id)) == 1, "looking again asks for nothing again"
    assert not session.is_over
    session.interim()
    session.interim()
    eventually(lambda: network.asked(person.id)[0].status, "done")


def test_a_login_of_the_hour_is_given_its_speed_and_asked_for_nothing(network: Network) -> None:
    person = network.tenant.on_plan(bandwidth_limit=Decimal(10), data_limit_bytes=GB)
    set_hours(network, person, [window(time.time() - 3600, bandwidth_limit=50, counts=False)])
    session = network.login(person, service="hotspot")
    assert (session.rate, session.granted) == ("50M/50M", None)
    time.sleep(1)
    assert network.asked(person.id) == []


def test_who_has_used_up_what_counts_is_cut_when_it_counts_again_and_nobody_else(network: Network) -> None:
    spent, thrifty = (network.tenant.on_plan(name, data_limit_bytes=GB, name=name) for name in ("spent", "thrifty"))
    boundary = time.time() // 60 * 60
    free = [window(boundary - DAY / 2, counts=False)]
    sessions = []
    for number, person in enumerate((spent, thrifty)):
        sessions.append(network.login(person, mac=f"02:00:00:00:07:0{number}", framed=f"10.0.7.{number + 1}"))
        let_in_before(network, person, boundary)
    network.tenant.has_used(spent, GB)
    for person in (spent, thrifty):
        set_hours(network, person, free)
    eventually(lambda: sessions[0].is_over, True, 5)
    eventually(lambda: network.asked(spent.id)[0].reason, "time_of_day")
    assert [request.code for _, request in network.router.heard if request] == [DISCONNECT]
    time.sleep(1)
    assert network.asked(thrifty.id) == [] and not sessions[1].is_over


def test_time_that_is_used_up_ends_the_session_that_no_timeout_ended(network: Network) -> None:
    person = network.tenant.on_plan(time_limit=1)
    session = network.login(person)
    assert session.timeout == 60
    network.tenant.has_used(person, 1)
    network.system.sql("update usage set seconds = 30 where customer_id = :id", id=person.id)
    earlier = "update radacct set acctstarttime = acctstarttime - interval '2 minutes' where customer_id = :id"
    network.system.sql(earlier, id=person.id)
    session.timeout = 0
    session.began -= 61
    session.interim()
    eventually(lambda: session.is_over, True, 5)
    eventually(lambda: network.asked(person.id)[0].reason, "time_used_up")
    assert network.router.login(person.username, person.password) is None


@pytest.mark.long
def test_a_session_that_runs_through_the_boundary_changes_speed_within_a_second(network: Network) -> None:
    person = network.tenant.on_plan(bandwidth_limit=Decimal(10))
    if time.time() % 60 > 50:
        time.sleep(15)
    boundary = (time.time() // 60 + 1) * 60
    set_hours(network, person, [window(boundary, bandwidth_limit=50)])
    session = network.login(person)
    assert session.rate == "10M/10M"
    while session.rate == "10M/10M":
        assert time.time() < boundary + 10
        time.sleep(0.002)
    late = time.time() - boundary
    asked = network.system.sql(
        "select date_part('epoch', created_at) from outbox where customer_id = :id", id=person.id
    )
    sys.stderr.write(f"\nasked for {(asked[0][0] - boundary) * 1000:.0f} ms after the boundary, another speed after "
                     f"{late * 1000:.0f} ms\n")  # fmt: skip
    assert session.rate == "50M/50M" and 0 <= late <= 1
    assert [request.code for _, request in network.router.heard if request] == [COA]
