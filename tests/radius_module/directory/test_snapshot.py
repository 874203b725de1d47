"""The copy on disk: the same facts come back, nothing secret can be read in it, a damaged one is refused whole."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from models.accounting.records import START
from models.secrets.keyring import Keyring
from radius_module.directory import snapshot as snapshot_module
from radius_module.directory.contents import Contents, Directory
from radius_module.directory.snapshot import Snapshot
from radius_module.online.table import OnlineTable
from radius_module.rules.facts import Attribute
from tests.support.facts_made import CUSTOMER, DEVICE, ISP, PLAN
from tests.support.online_made import apply
from tests.support.reports_made import NOON, report

EXTRA = (Attribute("Port-Limit", ":=", "7"),)


@pytest.fixture
def keyring() -> Keyring:
    return Keyring.parse("k:" + base64.b64encode(os.urandom(32)).decode())


Make = Callable[..., Snapshot]


@pytest.fixture
def snapshot_at(keyring: Keyring) -> Iterator[Make]:
    """Snapshots that are closed afterwards, as a process that ends closes its files."""
    with ExitStack() as stack:

        def make(path: Path, key: Keyring = keyring) -> Snapshot:
            made = Snapshot(path, key)
            stack.callback(made.close)
            return made

        yield make


def loaded() -> Directory:
    directory, contents = Directory(), Contents()
    contents.isps[ISP.id] = ISP
    contents.plans[PLAN.id] = PLAN._replace(extra=EXTRA, windows=((1320, 1800, 127, "5M/50M", False),))
    contents.put_device("10.0.0.0/24", DEVICE)
    for number in range(1000):
        contents.put_customer(CUSTOMER._replace(id=1000 + number, username=f"user{number}", credential="topsecret",
                                                extra=EXTRA, topups=((NOON, 5),)))  # fmt: skip
    directory.replace(contents)
    directory.confirmed_at = NOON
    return directory


def online_table() -> OnlineTable:
    online = OnlineTable()
    online.refresh(1000, NOON, 50, [])
    apply(online, report(START), 1000, NOON)
    apply(online, report(octets_in=30), 1000, NOON)
    return online


def test_the_same_facts_come_back(tmp_path: Path, snapshot_at: Make) -> None:
    before, path = loaded(), tmp_path / "snapshot" / "directory"
    snapshot_at(path).write(before, online_table())
    after, online = Directory(), OnlineTable()
    assert snapshot_at(path).restore(after, online)
    assert after.contents.customers == before.contents.customers
    assert (after.contents.isps, after.contents.plans) == (before.contents.isps, before.contents.plans)
    assert after.device("10.0.0.9") == DEVICE
    assert after.customer(ISP.id, b"USER7") == before.customer(ISP.id, b"user7")
    assert after.confirmed_at == NOON
    assert online.usage_and_slots(1000, NOON, NOON) == online_table().usage_and_slots(1000, NOON, NOON)
    assert online.usage_and_slots(1000, NOON, NOON)[0] == 80


def test_what_the_writer_told_after_the_copy_is_not_lost(tmp_path: Path, snapshot_at: Make) -> None:
    path, online = tmp_path / "directory", online_table()
    snapshot = snapshot_at(path)
    snapshot.write(loaded(), online)
    ((_customer, uid),) = online.unbooked()
    snapshot.note(([(1000, NOON, 90, 0)], [(1000, uid, 40, True, False, [], 0)]))
    after = OnlineTable()
    assert snapshot_at(path).restore(Directory(), after)
    assert after.usage_and_slots(1000, NOON, NOON) == (90, ())
    snapshot.write(loaded(), online)
    assert len(list(tmp_path.glob("journal-*"))) == 1


def test_nothing_in_it_can_be_read(tmp_path: Path, snapshot_at: Make) -> None:
    path = tmp_path / "directory"
    snapshot_at(path).write(loaded(), OnlineTable())
    octets = path.read_bytes()
    assert all(word not in octets for word in (b"topsecret", b"user7", DEVICE.secret.encode() or b"none"))
    assert path.stat().st_mode & 0o777 == 0o600


def test_another_key_a_damaged_file_and_one_cut_short_are_refused(tmp_path: Path, snapshot_at: Make) -> None:
    path = tmp_path / "directory"
    snapshot_at(path).write(loaded(), OnlineTable())
    whole = path.read_bytes()
    other = Keyring.parse("k:" + base64.b64encode(os.urandom(32)).decode())
    assert not snapshot_at(path, other).restore(Directory(), OnlineTable())
    for octets in (whole[:-30], whole[:-1], b"", b"nonsense", whole[:300] + bytes([whole[300] ^ 1]) + whole[301:]):
        path.write_bytes(octets)
        directory = Directory()
        assert not snapshot_at(path).restore(directory, OnlineTable())
        assert directory.contents.customers == {}
    assert not snapshot_at(tmp_path / "none").restore(Directory(), None)


def test_what_the_database_gave_is_not_replaced(tmp_path: Path, snapshot_at: Make) -> None:
    path, directory = tmp_path / "directory", loaded()
    snapshot_at(path).write(directory, OnlineTable())
    directory.replace(Contents())
    assert not snapshot_at(path).restore(directory, OnlineTable())
    assert directory.contents.customers == {}


def test_a_copy_whose_rows_have_other_fields_is_not_misread(
    snapshot_at: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "directory"
    monkeypatch.setattr(snapshot_module, "_FIELDS", [["id", "a field of another version"]])
    snapshot_at(path).write(loaded(), OnlineTable())
    monkeypatch.undo()
    after = Directory()
    assert not snapshot_at(path).restore(after, OnlineTable())
    assert after.contents.customers == {}
