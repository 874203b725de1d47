"""A router's API with whatever menus a test gives it, and a connection to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from radius_module.enforce.routeros import Access, Router
from tests.radius_client.routeros_api import ApiServer, deadline
from tests.radius_client.routeros_menus import Menus


@pytest.fixture
def menus() -> Menus:
    return Menus()


@pytest.fixture
def router(menus: Menus) -> Iterator[Router]:
    with (
        ApiServer(menus) as server,
        Router(Access("127.0.0.1", server.port, "infora", "s3crét", False, None), deadline(30)) as router,
    ):
        yield router
