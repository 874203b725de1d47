"""States of a customer, its plan, sessions, tenant and device, drawn at random, for what `explain` says of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Engine, text

#: Of a customer whose password is right.
ALL_CODES = {"accept", "unknown_device", "isp_suspended", "suspended", "expired", "mac_mismatch", "quota_exceeded",
             "too_many_sessions", "bad_reply_attribute"}  # fmt: skip
MACS = ("", "02:00:00:00:00:01", "02:00:00:00:00:02")

states = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["active", "active", "active", "suspended", "expired"]),
        "expires": st.sampled_from([-86400, -1, 3600, 10**6, 10**9]),
        "mac": st.sampled_from([None, *MACS[1:]]),
        "limit": st.sampled_from([None, 0, 1, 10**9, 5 * 2**32]),
        "used": st.sampled_from([0, 1, 10**9, 5 * 2**32]),
        "topup": st.sampled_from([None, 1, 10**9]),
        "over": st.sampled_from(["block", "throttle"]),
        "use": st.integers(1, 3),
        "too_many": st.sampled_from(["refuse", "replace_oldest"]),
        "sessions": st.lists(st.sampled_from(MACS), max_size=4),
        "isp": st.sampled_from(["active", "active", "active", "suspended"]),
        "device": st.sampled_from([*["active"] * 9, "disabled"]),
        "asking": st.sampled_from(MACS),
        "extra": st.sampled_from([None, ("Idle-Timeout", "60"), ("No-Such-Attribute", "1")]),
    }
)


def put(owner: Engine, ids: dict[str, int], state: dict[str, Any]) -> None:
    """The state by hand, in psql's way."""
    with owner.begin() as connection:
        _put(lambda statement, **values: connection.execute(text(statement), values), ids, state)


def _put(rows: Callable[..., object], ids: dict[str, int], state: dict[str, Any]) -> None:
    own = {name: ids[name] for name in ("isp", "customer")}
    rows("update isps set status = :status where id = :isp", status=state["isp"], isp=ids["isp"])
    rows("update mikrotik_devices set status = :status where id = :id", status=state["device"], id=ids["device"])
    rows("update service_plans set data_limit_bytes = :limit, over_limit = :over, throttle_bandwidth = 1,"
         " simultaneous_use = :use, on_too_many = :many where id = :id", limit=state["limit"], over=state["over"],
         use=state["use"], many=state["too_many"], id=ids["plan"])  # fmt: skip
    rows("update customers set status = :status, expires_at = now() + make_interval(secs => :expires),"
         " mac_address = :mac where id = :customer", status=state["status"], expires=state["expires"], mac=state["mac"],
         customer=ids["customer"])  # fmt: skip
    for table in ("usage", "topups", "radacct"):
        rows(f"delete from {table} where isp_id = :isp and customer_id = :customer", **own)  # noqa: S608
    rows("delete from radreply where isp_id = :isp and origin = 'operator'", isp=ids["isp"])
    rows("insert into usage select isp_id, customer_id, period_start, :used, 0 from subscriptions"
         " where isp_id = :isp and customer_id = :customer", used=state["used"], **own)  # fmt: skip
    if state["topup"]:
        rows("insert into topups (isp_id, customer_id, period_start, data_bytes)"
             " select isp_id, customer_id, period_start, :octets from subscriptions"
             " where isp_id = :isp and customer_id = :customer", octets=state["topup"], **own)  # fmt: skip
    for number, mac in enumerate(state["sessions"]):
        rows("insert into radacct (isp_id, customer_id, device_id, acctuniqueid, acctsessionid, callingstationid,"
             " acctstarttime) values (:isp, :customer, :device, :unique, 's', :mac,"
             " now() - make_interval(secs => :ago))",
             device=ids["device"], unique=f"{ids['customer']}-{number}", mac=mac, ago=number, **own)  # fmt: skip
    if state["extra"]:
        rows("insert into radreply (isp_id, customer_id, username, attribute, op, value) values (:isp, :customer, 'x',"
             " :name, ':=', :value)", name=state["extra"][0], value=state["extra"][1], **own)  # fmt: skip
