"""What devices have been seen to do when asked by CoA or Disconnect. In the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

PPP, HOTSPOT = "ppp", "hotspot"
#: NAS-Port-Type as FreeRADIUS names it.
_HOTSPOT_PORTS = ("Wireless-802.11", "Cable")


def service_of(nas_port_type: str | None) -> str:
    """RouterOS names HotSpot's port wireless (or cable) and PPP's Ethernet, Virtual or Async."""
    return HOTSPOT if nas_port_type in _HOTSPOT_PORTS else PPP


class Seen(NamedTuple):
    """One answer, or that there was none. `coa` and `disconnect`: what it shows; None is nothing new."""

    isp_id: int
    device_id: int
    service: str
    coa: bool | None = None
    disconnect: bool | None = None
    step: str | None = None
    error_cause: int | None = None
    acknowledged: int = 0
    refused: int = 0
    unanswered: int = 0
    without_effect: int = 0


class Ability(NamedTuple):
    """What is known of a device's service. None: not known yet."""

    coa: bool | None = None
    disconnect: bool | None = None
    step: str | None = None


_KNOWN = text("""
select isp_id, device_id, service, coa, disconnect, step from device_abilities
 where (isp_id, device_id) in (select * from unnest(cast(:isps as bigint[]), cast(:devices as bigint[])))
 order by updated_at
""")

_LEARN = text("""
insert into device_abilities as known
       (isp_id, device_id, service, coa, disconnect, step, error_cause, acknowledged, refused, unanswered,
        without_effect)
select s.isp_id, s.device_id, s.service, s.coa, s.disconnect, s.step, s.error_cause, s.acknowledged, s.refused,
       s.unanswered, s.without_effect
  from unnest(cast(:isp_id as bigint[]), cast(:device_id as bigint[]), cast(:service as text[]),
              cast(:coa as boolean[]), cast(:disconnect as boolean[]), cast(:step as text[]),
              cast(:error_cause as bigint[]), cast(:acknowledged as bigint[]), cast(:refused as bigint[]),
              cast(:unanswered as bigint[]), cast(:without_effect as bigint[]))
       as s (isp_id, device_id, service, coa, disconnect, step, error_cause, acknowledged, refused, unanswered,
             without_effect)
  join mikrotik_devices d on d.isp_id = s.isp_id and d.id = s.device_id
on conflict (isp_id, device_id, service, version) do update
   set coa = coalesce(excluded.coa, known.coa), disconnect = coalesce(excluded.disconnect, known.disconnect),
       step = coalesce(excluded.step, known.step), error_cause = coalesce(excluded.error_cause, known.error_cause),
       acknowledged = known.acknowledged + excluded.acknowledged, refused = known.refused + excluded.refused,
       unanswered = known.unanswered + excluded.unanswered,
       without_effect = known.without_effect + excluded.without_effect, updated_at = now()
""")


def known_of(connection: Connection, devices: Sequence[tuple[int, int]]) -> dict[tuple[int, int, str], Ability]:
    """By tenant, device and service; of (tenant, device)."""
    rows = connection.execute(_KNOWN, {"isps": [isp for isp, _ in devices], "devices": [id_ for _, id_ in devices]})
    return {(isp, device, service): Ability(*rest) for isp, device, service, *rest in rows}


def learn(connection: Connection, seen: Sequence[Seen]) -> None:
    """Add up what was seen; the newest news of a kind counts."""
    merged: dict[tuple[int, int, str], Seen] = {}
    for news in seen:
        key = (news.isp_id, news.device_id, news.service)
        before = merged.get(key)
        merged[key] = news if before is None else _both(before, news)
    if merged:
        # In one order everywhere, so that two workers wait for each other and never both.
        rows = [merged[key] for key in sorted(merged)]
        connection.execute(_LEARN, {name: [getattr(row, name) for row in rows] for name in Seen._fields})


def _both(before: Seen, news: Seen) -> Seen:
    newest = {
        name: getattr(before, name) if getattr(news, name) is None else getattr(news, name)
        for name in ("coa", "disconnect", "step", "error_cause")
    }
    sums = {
        name: getattr(before, name) + getattr(news, name)
        for name in ("acknowledged", "refused", "unanswered", "without_effect")
    }
    return news._replace(**newest, **sums)
