"""The facts in memory: looked up by name and by source address, replaced under readers' eyes."""

import threading
from typing import Any

import pytest

from radius_module.directory.contents import Contents, Directory
from radius_module.rules.facts import Customer, Device, Isp
from tests.support.facts_made import CUSTOMER, DEVICE, PLAN


def customer(number: int, username: str, **changes: Any) -> Customer:
    return CUSTOMER._replace(id=number, username=username, **changes)


def device(number: int) -> Device:
    return DEVICE._replace(id=number)


@pytest.fixture
def directory() -> Directory:
    return Directory()


def customer_named(directory: Directory, username: bytes, isp_id: int = CUSTOMER.isp_id) -> int | None:
    known = directory.customer(isp_id, username)
    return None if known is None else known.id


def router(directory: Directory, address: str) -> int | None:
    known = directory.device(address)
    return None if known is None else known.id


@pytest.mark.parametrize("typed", [b"john@example.com", b"John@Example.COM", b"JOHN@EXAMPLE.COM"])
def test_a_name_is_found_in_any_case(directory: Directory, typed: bytes) -> None:
    directory.contents.put_customer(customer(1, "John@example.com"))
    assert customer_named(directory, typed) == 1


@pytest.mark.parametrize(
    "typed", [b"02:00:00:00:00:AF", b"02-00-00-00-00-af", b"0200.0000.00af", b"0200000000AF", b"020000-0000af"]
)
def test_a_mac_address_is_found_in_any_notation(directory: Directory, typed: bytes) -> None:
    directory.contents.put_customer(customer(1, "02-00-00-00-00-AF"))
    assert customer_named(directory, typed) == 1


@pytest.mark.parametrize("typed", [b"", b"john\0", b"john\0evil", b"\xff", b"john\xff", b" john", b"john ", b"joh"])
def test_other_bytes_name_nobody(directory: Directory, typed: bytes) -> None:
    directory.contents.put_customer(customer(1, "john"))
    assert customer_named(directory, typed) is None


def test_the_same_name_of_two_tenants_is_two_customers(directory: Directory) -> None:
    directory.contents.put_customer(customer(1, "john", isp_id=7))
    directory.contents.put_customer(customer(2, "john", isp_id=8))
    assert (
        customer_named(directory, b"john", 7),
        customer_named(directory, b"john", 8),
        customer_named(directory, b"john", 9),
    ) == (1, 2, None)


def test_who_was_renamed_is_found_by_his_new_name_only(directory: Directory) -> None:
    directory.contents.put_customer(customer(1, "john"))
    directory.contents.put_customer(customer(1, "jack"))
    assert (customer_named(directory, b"john"), customer_named(directory, b"jack")) == (None, 1)


def test_a_change_of_case_is_no_loss(directory: Directory) -> None:
    directory.contents.put_customer(customer(1, "john"))
    directory.contents.put_customer(customer(1, "John", status="suspended"))
    known = directory.customer(CUSTOMER.isp_id, b"john")
    assert known is not None
    assert known.status == "suspended"


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_two_who_swapped_their_names_are_found_in_either_order_of_the_news(
    directory: Directory, order: tuple[int, int]
) -> None:
    before, after = {1: "john", 2: "jack"}, {1: "jack", 2: "john"}
    for number, name in before.items():
        directory.contents.put_customer(customer(number, name))
    for number in order:
        directory.contents.put_customer(customer(number, after[number]))
    assert (customer_named(directory, b"john"), customer_named(directory, b"jack")) == (2, 1)


def test_a_name_given_to_somebody_else_stays_his_when_its_former_owner_goes(directory: Directory) -> None:
    directory.contents.put_customer(customer(1, "john"))
    directory.contents.put_customer(customer(2, "john"))
    directory.contents.drop_customer(1)
    assert customer_named(directory, b"john") == 2
    directory.contents.drop_customer(2)
    assert customer_named(directory, b"john") is None
    directory.contents.drop_customer(2)


def test_the_longest_network_that_holds_the_address_is_its_router(directory: Directory) -> None:
    for number, network in enumerate(("0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.1.1/32"), 1):
        directory.contents.put_device(network, device(number))
    assert [router(directory, asked) for asked in ("192.0.2.1", "10.2.0.1", "10.1.9.9", "10.1.1.1")] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("asked", "number"), [("10.1.0.0", 1), ("10.1.255.255", 1), ("10.0.255.255", None), ("10.2.0.0", None)]
)
def test_a_network_begins_and_ends_where_it_does(directory: Directory, asked: str, number: int | None) -> None:
    directory.contents.put_device("10.1.0.0/16", device(1))
    assert router(directory, asked) == number


def test_ipv6_routers_are_found_however_the_address_is_written_and_apart_from_ipv4(directory: Directory) -> None:
    directory.contents.put_device("2001:db8::/32", device(1))
    directory.contents.put_device("2001:db8::5/128", device(2))
    directory.contents.put_device("0.0.0.0/0", device(3))
    assert [router(directory, asked) for asked in ("2001:db8::1", "2001:db8::5", "2001:DB8:0:0::5", "2001:db9::1")] == [
        1,
        2,
        2,
        None,
    ]
    assert router(directory, "10.0.0.1") == 3


def test_what_is_known_of_an_address_is_forgotten_when_a_router_changes(directory: Directory) -> None:
    assert router(directory, "10.1.1.1") is None
    directory.contents.put_device("10.1.1.0/24", device(1))
    assert router(directory, "10.1.1.1") == 1
    directory.contents.put_device("10.1.1.1/32", device(2))
    assert router(directory, "10.1.1.1") == 2
    directory.contents.put_device("10.9.9.9/32", device(2))
    assert (router(directory, "10.1.1.1"), router(directory, "10.9.9.9")) == (1, 2)
    directory.contents.drop_device(2)
    assert router(directory, "10.9.9.9") is None
    directory.contents.drop_device(2)


def test_a_router_of_which_the_same_address_is_asked_again_is_the_new_one(directory: Directory) -> None:
    directory.contents.put_device("10.1.1.1/32", device(1))
    assert router(directory, "10.1.1.1") == 1
    directory.contents.put_device("10.1.1.1/32", device(1)._replace(active=False))
    known = directory.device("10.1.1.1")
    assert known is not None
    assert not known.active


def test_plans_and_tenants_are_found_by_id(directory: Directory) -> None:
    directory.contents.plans[PLAN.id] = PLAN
    directory.contents.isps.update({9: Isp(9, True, "UTC", 1.0), 7: Isp(7, True, "UTC", 1.0)})
    assert directory.plan(PLAN.id) is PLAN
    assert (directory.plan(None), directory.plan(1)) == (None, None)
    assert [isp.id for isp in directory.isps()] == [7, 9]
    assert directory.isp(8) is None


def test_the_age_is_that_of_the_last_confirmation(directory: Directory) -> None:
    directory.confirmed_at = 1000.0
    assert directory.age(1007.5) == 7.5


def test_a_reload_replaces_everything_at_once(directory: Directory) -> None:
    directory.contents.put_customer(customer(1, "john"))
    directory.contents.put_device("10.1.1.1/32", device(1))
    assert router(directory, "10.1.1.1") == 1
    fresh = Contents()
    fresh.put_customer(customer(2, "jack"))
    directory.replace(fresh)
    assert (customer_named(directory, b"john"), customer_named(directory, b"jack"), router(directory, "10.1.1.1")) == (
        None,
        2,
        None,
    )
    assert directory.loads == 1


def turned(contents: Contents, turn: int) -> Contents:
    """Every entry carries the number of the turn twice; a reader that saw a mixture would find them apart."""
    for number in range(50):
        contents.put_customer(customer(number, f"user{number}", expires_at=float(turn), static_ip=f"{turn}"))
        contents.put_device(f"10.0.{number}.0/24", device(number))
    return contents


def mixtures(directory: Directory) -> list[int]:
    """Entries that a reader found to be missing, or not whole."""
    wrong = []
    for number in range(50):
        known = directory.customer(CUSTOMER.isp_id, b"user%d" % number)
        if known is None or known.static_ip != f"{known.expires_at:.0f}":
            wrong.append(number)
        if router(directory, f"10.0.{number}.{number}") != number:
            wrong.append(number)
    return wrong


def test_readers_see_one_whole_state_while_another_thread_writes(directory: Directory) -> None:
    turned(directory.contents, 0)
    wrong: list[int] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            wrong.extend(mixtures(directory))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for turn in range(1, 60):
        if turn % 10 == 0:
            directory.replace(turned(Contents(), turn))
        else:
            turned(directory.contents, turn)
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_digits_are_a_name_first_and_a_mac_address_second() -> None:
    directory = Directory()
    contents = directory.contents
    phone = CUSTOMER._replace(id=1, username="254712345678")
    device = CUSTOMER._replace(id=2, username="25:47:12:34:56:78")
    contents.put_customer(device)
    assert directory.customer(7, b"254712345678") == device
    contents.put_customer(phone)
    assert directory.customer(7, b"254712345678") == phone
    assert directory.customer(7, b"2547.1234.5678") == device
    contents.drop_customer(2)
    assert directory.customer(7, b"25-47-12-34-56-78") == phone


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_names_that_were_apart_are_found_by_their_spelling_and_the_oldest_by_the_key(order: tuple[int, ...]) -> None:
    directory = Directory()
    contents = directory.contents
    twins = {
        number: CUSTOMER._replace(id=number, username=name) for number, name in ((1, "ΣΑΣ"), (2, "σας"), (3, "Σας"))
    }
    for number in order:
        contents.put_customer(twins[number])

    def ids(*names: str) -> list[int]:
        return [customer.id if (customer := directory.customer(7, name.encode())) else 0 for name in names]

    assert ids("ΣΑΣ", "σας", "Σας", "σασ", "ΣΑς") == [1, 2, 3, 1, 1]
    contents.put_customer(twins[2]._replace(status="suspended"))
    assert ids("ΣΑΣ", "σας", "Σας", "σασ") == [1, 2, 3, 1]
    contents.drop_customer(1)
    assert ids("ΣΑΣ", "σας", "Σας", "σασ") == [2, 2, 3, 2]
    contents.put_customer(twins[2]._replace(username="another"))
    assert ids("ΣΑΣ", "σας", "Σας", "another") == [3, 3, 3, 2]
    contents.drop_customer(3)
    assert ids("ΣΑΣ", "σας", "Σας", "another") == [0, 0, 0, 2]
