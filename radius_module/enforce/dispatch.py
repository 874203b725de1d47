"""From claimed requests to packets and back: what is sent to whom, when, and what is then written down.

Knows the database by models.network alone, and commits nothing: worker.py does, before anything leaves.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from ipaddress import ip_address, ip_network

from sqlalchemy import Connection

from models.network import abilities
from models.network.abilities import Ability, Seen, known_of, service_of
from models.network.addresses import Network, check_network
from models.network.requests import claims, outcomes
from models.network.requests.claims import Claimed, OpenSession, Target
from models.network.requests.outcomes import Written
from models.secrets.keyring import CredentialError, Keyring
from models.subscriptions.service_facts import service_facts
from radius_module.enforce.coa import COA
from radius_module.enforce.flight import Flight, Result, first_step, identity_of, result
from radius_module.enforce.judge.decision import STATE_REASONS, Close, Send, decide
from radius_module.enforce.judge.service import service
from radius_module.enforce.station import Station
from radius_module.enforce.wire import ladder
from radius_module.enforce.wire.line import PATIENCE, Device, Line, Outcome

log = logging.getLogger("radius_module.enforce")

Key = tuple[int, int]
#: How long a device's secret, port and abilities are believed, seconds.
_RENEWED = 1.0
#: What has waited longer to leave is left to the next claim: its answer might come when it is another worker's.
_FRESH = claims.LEASE - PATIENCE - 0.5


class Dispatch:
    """All devices that this worker serves."""

    def __init__(
        self, keyring: Keyring, listen: str | None, ours: Iterable[Network], *, loopback_allowed: bool
    ) -> None:
        self._keyring, self._listen = keyring, listen
        self._ours, self._loopback_allowed = tuple(ours), loopback_allowed
        self.stations: dict[Key, Station] = {}
        #: What is to be written down with the next look at the database.
        self._results: list[Result] = []
        self._writing = 0

    # -- with the database ------------------------------------------------------------------------------------

    def take(self, connection: Connection, devices: Sequence[Key]) -> set[Key]:
        """Claim what is due at these devices and may leave soon; those that had any. The caller commits."""
        self._renew(connection, devices)
        rooms = [(*key, room) for key in devices if key in self.stations and (room := self.stations[key].room())]
        claimed = claims.claim(connection, rooms) if rooms else []
        if claimed:
            self._prepare(connection, claimed)
        return {(request.isp_id, request.device_id) for request in claimed}

    def write(self, connection: Connection) -> None:
        """Write down what has become of requests, and what that showed of devices: whoever reads the one has the other.

        The caller commits, and then says `written`.
        """
        self._writing = len(self._results)
        outcomes.write(connection, [each.written for each in self._results])
        instead = [(each.written.isp_id, each.written.id) for each in self._results if each.needs_disconnect]
        outcomes.disconnect_instead(connection, instead)
        abilities.learn(connection, [each.seen for each in self._results if each.seen is not None])

    def written(self) -> None:
        del self._results[: self._writing]

    @property
    def has_results(self) -> bool:
        return bool(self._results)

    def learn(self, seen: Seen) -> None:
        """What a device has shown is in force at once."""
        station = self.stations.get((seen.isp_id, seen.device_id))
        if station is not None:
            station.learn(seen)

    def is_full(self, key: Key) -> bool:
        """Can nothing be taken for the device at the moment?"""
        station = self.stations.get(key)
        return station is not None and not station.room()

    def _prepare(self, connection: Connection, claimed: Sequence[Claimed]) -> None:
        sessions = claims.sessions_of(connection, claimed)
        judged_by_rules = [each for each in claimed if each.kind == COA or each.reason in STATE_REASONS]
        facts = service_facts(connection, list({(each.isp_id, each.customer_id or 0) for each in judged_by_rules}))
        now, turned = time.time(), []
        for request in claimed:
            session = sessions.get((request.isp_id, request.unique_id))
            if session is None or not session.is_open:
                # Verification closes it; the lease keeps it away until then.
                continue
            name = service_of(session.nas_port_type)
            ability = self.stations[request.isp_id, request.device_id].abilities.get(name, Ability())
            of_customer = facts.get((request.isp_id, request.customer_id or 0))
            try:
                judged = None if of_customer is None else service(of_customer, session.calling_station_id or "", now)
                decided = decide(request, session, judged, ability, name, now)
            except (ValueError, TypeError, LookupError, ArithmeticError) as wrong:
                log.error("request %d cannot be decided: %s", request.id, wrong)
                continue
            final = self._over(request, session) or decided
            if isinstance(final, Send) and final.kind != request.kind:
                turned.append((request.isp_id, request.id))
            self._put(request, session, ability, name, final)
        outcomes.become_disconnects(connection, turned)

    def _over(self, request: Claimed, session: OpenSession) -> Close | None:
        """Whatever it asks for, nothing is sent any more."""
        if request.error == "session_unknown" and request.payload.get("unknown"):
            return Close("failed", "session_unknown")
        if request.is_late:
            return Close("failed", request.error or "no_answer")
        if not self._may_go_to(session.nas_address, self.stations[request.isp_id, request.device_id].line.device):
            return Close("failed", "refused_address")
        return None

    def _put(self, request: Claimed, session: OpenSession, ability: Ability, name: str, decided: Send | Close) -> None:
        station = self.stations[request.isp_id, request.device_id]
        if isinstance(decided, Close):
            self._close(request, decided)
            return
        identity = identity_of(session)
        step = first_step(request, identity, ability.step, is_only_session=session.is_only_session)
        has_obeyed = bool(ability.coa if decided.kind == COA else ability.disconnect)
        station.queue.append(Flight(request, session, decided, step, name, has_obeyed, time.monotonic()))

    def _close(self, request: Claimed, close: Close) -> None:
        written = Written(request.isp_id, request.id, request.kind, close.status, close.error, counts=False)
        self._results.append(Result(written, None))

    def _may_go_to(self, address: str | None, device: Device) -> bool:
        """The rules for devices' addresses once more, at the moment of sending."""
        try:
            check_network(ip_network(address or ""), self._ours, loopback_allowed=self._loopback_allowed)
            return ip_address(address or "") in device.network
        except ValueError:
            return False

    def _renew(self, connection: Connection, devices: Sequence[Key]) -> None:
        """Devices that are new here; and what may have changed of the others: secret, port, address, abilities."""
        now = time.monotonic()
        old = [key for key in devices if key not in self.stations or self.stations[key].renewed_at < now - _RENEWED]
        if not old:
            return
        for target in claims.targets(connection, old):
            self._renew_line(target)
        for (isp_id, device_id, name), ability in known_of(connection, old).items():
            if (isp_id, device_id) in self.stations and not self._results:
                self.stations[isp_id, device_id].abilities[name] = ability

    def _renew_line(self, target: Target) -> None:
        key = (target.isp_id, target.id)
        try:
            secret = self._keyring.decrypt(target.secret, target.isp_id, "mikrotik_devices", target.id).encode()
            device = Device(target.isp_id, target.id, ip_network(target.network), target.port, secret)
            station = self.stations.get(key)
            if station is None:
                station = self.stations[key] = Station(Line(device, self._listen))
            elif station.line.device != device and not station.flights:
                station.line.close()
                station.line = Line(device, self._listen)
            station.renewed_at = time.monotonic()
        except (CredentialError, OSError) as wrong:
            log.error("device %d: no request can be sent: %s", target.id, wrong)

    # -- on the wire ------------------------------------------------------------------------------------------

    def send_due(self, now: float) -> None:
        """Have leave what may by now (monotonic seconds)."""
        for station in self.stations.values():
            while station.queue and station.pace.wait(now) <= 0 and station.pace.room():
                flight = station.queue.popleft()
                if now - flight.taken_at < _FRESH:
                    self._send(station, flight, now)

    def receive(self, station: Station) -> None:
        """Take in the answers that have arrived."""
        for outcome in station.line.answers():
            self._end(station, outcome)

    def expire(self, now: float) -> None:
        """Give up waiting where the time is over."""
        for station in self.stations.values():
            for outcome in list(station.line.overdue(now)):
                self._end(station, outcome)

    def next_moment(self, now: float) -> float | None:
        """Seconds until there is something to do without anybody's asking."""
        moments = []
        for station in self.stations.values():
            if station.queue and station.pace.room():
                moments.append(station.pace.wait(now))
            if (deadline := station.line.next_deadline()) is not None:
                moments.append(deadline - now)
        return max(0.0, min(moments)) if moments else None

    def idle(self, since: float) -> list[Key]:
        """Devices with nothing to do since that moment."""
        return [key for key, station in self.stations.items() if station.is_idle and station.idle_since < since]

    def let_go(self, keys: Sequence[Key]) -> None:
        for key in keys:
            self.stations.pop(key).line.close()

    def drop_queues(self) -> None:
        """What has not left is another worker's by now, as the connection that it was claimed with is gone."""
        for station in self.stations.values():
            station.queue.clear()

    def _send(self, station: Station, flight: Flight, now: float) -> None:
        request, session = flight.request, flight.session
        station.idle_since = now
        try:
            station.line.send(
                request.id, session.nas_address or "", flight.send.kind,
                ladder.identity_at(flight.step, flight.identity), flight.send.attributes, time.time(), now,
            )  # fmt: skip
        except (ValueError, OSError) as wrong:
            log.warning("request %d cannot be sent: %s", request.id, wrong)
            self._note(result(flight, Outcome(request.id, None)))
            return
        station.flights[request.id] = flight
        station.pace.sent(now)

    def _end(self, station: Station, outcome: Outcome) -> None:
        station.idle_since = time.monotonic()
        station.pace.ended(answered=outcome.answer is not None)
        flight = station.flights.pop(outcome.request_id)
        self._note(result(flight, outcome))

    def _note(self, become: Result) -> None:
        self._results.append(become)
        if become.seen is not None:
            self.learn(become.seen)
