"""What a process reads of the database: the auth process everything, the acct process the devices."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from sqlalchemy import Connection

from radius_module.directory import load
from radius_module.directory.contents import Contents, Directory
from radius_module.online.table import OnlineTable
from radius_module.steady_clock import steady_now

#: Topic of the news → ids.
News = dict[str, set[int]]


class Reader(Protocol):
    """Reads the database into the directory."""

    @property
    def topics(self) -> Collection[str]:
        """What it reads: news of others is none."""

    def load(self, connection: Connection) -> Contents:
        """Everything that is wanted."""

    def follow(self, connection: Connection, news: News) -> None:
        """What has changed."""


class DevicesOnly:
    """Tenants and devices."""

    topics: Collection[str] = ("isps", "devices")

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def load(self, connection: Connection) -> Contents:
        contents = Contents()
        load.refresh_isps(connection, contents)
        load.refresh_devices(connection, contents)
        return contents

    def follow(self, connection: Connection, news: News) -> None:
        contents = self._directory.contents
        if "isps" in news:
            load.refresh_isps(connection, contents, list(news["isps"]))
        if "devices" in news:
            load.refresh_devices(connection, contents, list(news["devices"]))


class Everything(DevicesOnly):
    """Tenants and devices, plans, customers, who is online and what is used."""

    topics = ("isps", "devices", "plans", "customers", "usage", "sessions")

    def __init__(self, directory: Directory, online: OnlineTable) -> None:
        super().__init__(directory)
        self._online = online

    def load(self, connection: Connection) -> Contents:
        self._online.reading_since = steady_now()
        return load.load(connection, self._online)

    def follow(self, connection: Connection, news: News) -> None:
        super().follow(connection, news)
        self._online.reading_since = steady_now()
        contents = self._directory.contents
        if "plans" in news:
            load.refresh_plans(connection, contents, list(news["plans"]))
        customers = news.get("customers", set()) | news.get("usage", set()) | news.get("sessions", set())
        if customers:
            load.refresh_customers(connection, contents, self._online, list(customers), often=True)
