"""Wrong passwords and devices of customers as the books have them: what other nodes saw, and what a restart forgot.

The writer announces whose wrong passwords it has booked, on the directory's channel (`guesses <isp_id> <ids> -`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from radius_module.directory.contents import Contents, Directory
from radius_module.directory.readers import News, Reader
from radius_module.guesses.counts import GuessCounts

TOPIC = "guesses"
#: A customer with fewer wrong passwords is not about to be held back: their devices are not looked up.
_FEW = 10
#: At most so many customers' devices in one go, and each at most every ten seconds: news of changes waits meanwhile.
_MOST_LOOKED_UP, _LOOKED_UP_EVERY = 200, 10.0

_OF_EVERYBODY = text("""
select customer_id, array_agg(moment) from (
  select customer_id, date_part('epoch', authdate) as moment,
         row_number() over (partition by customer_id order by authdate desc) as place
    from radpostauth
   where isp_id = any(:isps) and customer_id is not null and code = 'bad_password'
     and authdate > now() - interval '1 hour') as latest
 where place <= 60 group by customer_id
""")
_OF_SOME = text("""
select wanted.id, array_agg(wrong.moment)
  from unnest(cast(:isps as bigint[]), cast(:ids as bigint[])) as wanted (isp, id)
  cross join lateral (
    select date_part('epoch', authdate) as moment from radpostauth
     where isp_id = wanted.isp and customer_id = wanted.id and code = 'bad_password'
       and authdate > now() - interval '1 hour'
     order by authdate desc limit 60) as wrong
 group by wanted.id
""")
#: Of the last results only so many are looked at, for a flood of refusals may lie before an accepted login; the
#: sessions that followed logins lie apart from it.
_DEVICES = text("""
select id, station, max(moment) from (
  select wanted.id, login.station, login.moment
    from unnest(cast(:isps as bigint[]), cast(:ids as bigint[])) as wanted (isp, id)
    cross join lateral (
      select code, callingstationid as station, date_part('epoch', authdate) as moment from radpostauth
       where isp_id = wanted.isp and customer_id = wanted.id and authdate > now() - interval '30 days'
       order by authdate desc limit 20000) as login
   where login.code = 'accept'
  union all
  select wanted.id, session.callingstationid, date_part('epoch', session.acctstarttime)
    from unnest(cast(:isps as bigint[]), cast(:ids as bigint[])) as wanted (isp, id)
    join radacct as session on session.isp_id = wanted.isp and session.customer_id = wanted.id
     and session.acctstarttime > now() - interval '30 days'
) as seen where station <> '' group by id, station
""")


class WithGuesses:
    """A reader that also follows the news of wrong passwords."""

    def __init__(self, reader: Reader, directory: Directory, guesses: GuessCounts) -> None:
        self._reader, self._directory, self._guesses = reader, directory, guesses
        self.topics = (*reader.topics, TOPIC)

    def load(self, connection: Connection) -> Contents:
        contents = self._reader.load(connection)
        rows = connection.execute(_OF_EVERYBODY, {"isps": list(contents.isps)}).all()
        whose = {row[0]: contents.customers[row[0]].isp_id for row in rows if row[0] in contents.customers}
        _take_in(connection, whose, rows, self._guesses, time.time())
        connection.rollback()
        return contents

    def follow(self, connection: Connection, news: News) -> None:
        ids = news.pop(TOPIC, set())
        if news:
            self._reader.follow(connection, news)
        customers = self._directory.contents.customers
        whose = {number: customer.isp_id for number in ids if (customer := customers.get(number)) is not None}
        if whose:
            read(connection, whose, self._guesses, time.time())


def read(connection: Connection, whose: Mapping[int, int], guesses: GuessCounts, now: float) -> None:
    """Take in the wrong passwords of these customers (id → tenant), and the devices of those who had many."""
    _take_in(connection, whose, connection.execute(_OF_SOME, _arrays(whose)).all(), guesses, now)


def _take_in(
    connection: Connection, whose: Mapping[int, int], rows: Iterable[Sequence[Any]], guesses: GuessCounts, now: float
) -> None:
    many = []
    for customer_id, moments in rows:
        if customer_id in whose and guesses.merge(customer_id, moments, now) >= _FEW:
            read_at = guesses.devices_read_at(customer_id)
            if read_at is None or now - read_at >= _LOOKED_UP_EVERY:
                many.append(customer_id)
    looked_up = {customer_id: whose[customer_id] for customer_id in many[:_MOST_LOOKED_UP]}
    devices: dict[int, dict[str, float]] = {customer_id: {} for customer_id in looked_up}
    if looked_up:
        for customer_id, station, moment in connection.execute(_DEVICES, _arrays(looked_up)):
            devices[customer_id][station] = moment
    for customer_id, of_customer in devices.items():
        guesses.learn_devices(customer_id, of_customer, now)


def _arrays(whose: Mapping[int, int]) -> dict[str, list[int]]:
    return {"isps": list(whose.values()), "ids": list(whose)}
