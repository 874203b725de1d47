"""The router's list beside the books: each session is found as itself, by name, service and id."""

from __future__ import annotations

from models.network.router_access import BookedSession, RouterDevice
from radius_module.enforce.router.reconcile import remove
from radius_module.enforce.router.sessions import RouterList, compare, of_this_router, read
from radius_module.enforce.routeros import Router
from tests.radius_client.routeros_menus import Menus, Refusal

NAMES = ["712345678", "0712345678", "no", "José", "١٢"]


def ppp(menus: Menus, name: str, session_id: str, address: str = "10.0.0.2", radius: str = "true") -> str:
    return menus.put("/ppp/active", name=name, session_id=session_id, address=address, uptime="1h", radius=radius)


def booked(
    name: str, session_id: str, port: str = "Ethernet", address: str | None = None, mac: str = ""
) -> BookedSession:
    return BookedSession(f"u{session_id}", session_id, name, port, address, mac, "198.51.100.7", 0.0)


def matched(listed: RouterList, books: list[BookedSession]) -> list[tuple[str | None, str | None]]:
    return [(pair.on_router and pair.on_router.username, pair.in_books and pair.in_books.username)
            for pair in compare(listed, books)]  # fmt: skip


def test_names_are_themselves_whatever_they_look_like(router: Router, menus: Menus) -> None:
    for number, name in enumerate(NAMES):
        ppp(menus, name, f"0x81B0000{number}")
    books = [booked(name, f"81b0000{number}") for number, name in enumerate(NAMES)]
    assert matched(read(router), books) == [(name, name) for name in NAMES]
    assert matched(read(router), books[1:]) == [(NAMES[0], None), *((name, name) for name in NAMES[1:])]
    assert matched(RouterList([], frozenset()), books[:1]) == [(None, NAMES[0])]


def test_a_name_with_another_id_or_service_is_another_session(router: Router, menus: Menus) -> None:
    ppp(menus, "john", "0x81B00001")
    assert matched(read(router), [booked("John", "81b00001")]) == [("john", "John")]
    assert matched(read(router), [booked("john", "81b00002")]) == [("john", None), (None, "john")]
    assert matched(read(router), [booked("jane", "81b00001")]) == [("john", None), (None, "jane")]
    assert matched(read(router), [booked("john", "81b00001", "Wireless-802.11")]) == [("john", None), (None, "john")]


def test_a_hotspot_session_shows_no_id_and_is_known_by_its_address_or_station(router: Router, menus: Menus) -> None:
    for name, address in (("john", "10.5.0.2"), ("john", "10.5.0.3")):
        menus.put("/ip/hotspot/active", user=name, address=address, mac_address="AA:BB:CC:00:00:01", uptime="00:10:00")
    books = [booked("john", "80f00002", "Wireless-802.11", "10.5.0.3"),
             booked("john", "80f00001", "Wireless-802.11", "10.5.0.9")]  # fmt: skip
    pairs = compare(read(router), books)
    seen = [(pair.on_router and pair.on_router.address, pair.in_books and pair.in_books.session_id) for pair in pairs]
    assert seen == [("10.5.0.2", None), ("10.5.0.3", "80f00002"), (None, "80f00001")]
    by_station = booked("john", "80f00003", "Wireless-802.11", None, "aa-bb-cc-00-00-01")
    assert compare(read(router), [by_station])[0].in_books == by_station


def test_who_was_let_in_locally_is_nobody_of_ours(router: Router, menus: Menus) -> None:
    ppp(menus, "john", "0x81B00001", radius="false")
    pairs = compare(read(router), [booked("john", "81b00001")])
    assert [pair.shown()["is_local"] for pair in pairs] == [True, False]
    assert pairs[0].in_books is None


def test_a_service_whose_list_is_missing_is_not_taken_for_empty(router: Router, menus: Menus) -> None:
    assert read(router).services == {"ppp", "hotspot"}
    menus.lack("/ip/hotspot/active")
    assert read(router).services == {"ppp"}


def test_of_a_network_only_its_own_sessions_are_compared() -> None:
    books = [booked("here", "1"), booked("there", "2")._replace(nas_address="198.51.100.8")]
    network = RouterDevice(1, 7, "198.51.100.0/24", 3799, "", None, 8729, None, None, True, None, True, None, None)
    assert [each.username for each in of_this_router(books, network, "198.51.100.7")] == ["here"]
    assert len(of_this_router(books, network._replace(network="198.51.100.7/32"), "198.51.100.7")) == 2


def test_what_the_router_keeps_is_not_said_to_be_removed(router: Router, menus: Menus) -> None:
    for number, name in enumerate(NAMES):
        ppp(menus, name, f"0x81B0000{number}")
    kept = menus.put("/ppp/active", name="stays", session_id="0x81B000FF", uptime="1h", radius="true")

    def refuse(row: dict[str, str]) -> None:
        if row[".id"] == kept:
            raise Refusal("failure: not permitted (9)")

    menus.removing["/ppp/active"] = refuse
    removed, refused = remove(router, read(router).sessions)
    assert [session.username for session in removed] == NAMES
    assert [(each.session.username, each.text) for each in refused] == [("stays", "failure: not permitted (9)")]


def test_a_router_that_says_yes_and_does_nothing_is_not_believed(router: Router, menus: Menus) -> None:
    ppp(menus, "john", "0x81B00001")
    menus.live["/ppp/active"] = lambda: menus.tables["/ppp/active"]
    removed, refused = remove(router, read(router).sessions)
    assert removed == [] and refused[0].text == "The router said yes, and still lists it."
