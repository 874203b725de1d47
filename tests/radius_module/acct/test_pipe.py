"""From the hook to the process that stores: records arrive whole, and the hook never waits."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.accounting.records import AccountingRecord
from radius_module.acct import pipe
from radius_module.acct.pipe import Pipe
from radius_module.packets.reply_to import ReplyTo
from radius_module.spool import codec
from tests.support.reports_made import report
from tests.support.spools import Lost, lost


def reply_to(number: int = 1, states: bytes = b"") -> ReplyTo:
    return ReplyTo("10.1.1.1", 40000, "10.1.1.254", number, bytes(range(16)), states)


@pytest.fixture
def freeradius() -> Iterator[socket.socket]:
    """The socket that FreeRADIUS would have open."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        yield opened


@pytest.fixture
def link(freeradius: socket.socket) -> Iterator[Pipe]:
    link = Pipe(freeradius.getsockname()[1], lost)
    yield link
    link.close_ours()
    link.close_theirs()


def read(link: Pipe) -> bytes:
    """All that waits in the pipe."""
    octets = b""
    while select.select([link.theirs.pipe], [], [], 0)[0]:
        octets += os.read(link.theirs.pipe.fileno(), 1 << 16)
    return octets


def opened(octets: bytes) -> list[AccountingRecord]:
    return [codec.record(values) for values in codec.load(codec.joined(pipe.split(octets).records))]  # type: ignore[misc]


sent = st.lists(
    st.builds(
        lambda name, octets, states: (report(username=name, octets_in=octets), reply_to(states=states)),
        st.binary(max_size=253), st.integers(0, 2**64 - 1), st.binary(max_size=300),
    ),
    max_size=8,
)  # fmt: skip


@given(sent, st.data())
def test_messages_are_the_same_wherever_a_read_cuts_them(
    handed: list[tuple[AccountingRecord, ReplyTo]], data: st.DataObject
) -> None:
    octets = b"".join(pipe.message(*message) for message in handed)
    cut = data.draw(st.integers(0, len(octets)))
    first = pipe.split(octets[:cut])
    second = pipe.split(first.rest + octets[cut:])
    assert second.rest == b""
    dumped = first.records + second.records
    records = [codec.record(values) for values in codec.load(codec.joined(dumped))]
    assert records == [record for record, _ in handed]
    assert first.replies + second.replies == [reply_to for _, reply_to in handed]
    assert first.statuses + second.statuses == [record.status for record, _ in handed]


def test_the_first_record_brings_the_socket_and_secrets_come_in_their_place(
    link: Pipe, freeradius: socket.socket
) -> None:
    link.send_secret(70, b"secret")
    assert link.send(report(), reply_to())
    assert link.send(report(octets_in=1), reply_to(2))
    piped = pipe.split(read(link))
    assert piped.notes == [("secret", (70, b"secret")), ("socket", None)]
    assert [reply_to.identifier for reply_to in piped.replies] == [1, 2]
    _, [descriptor], _, _ = socket.recv_fds(link.theirs.control, 1, 1)
    with socket.socket(fileno=descriptor) as passed:
        assert passed.getsockname() == freeradius.getsockname()


def test_without_the_socket_nothing_is_taken() -> None:
    link = Pipe(1, lost)
    assert not link.send(report(), reply_to())
    assert read(link) == b""
    link.close_ours()
    link.close_theirs()


def test_a_full_pipe_is_not_waited_for_and_nothing_that_it_took_is_lost(link: Pipe) -> None:
    taken = 0
    while link.send(report(octets_in=taken), reply_to()):
        taken += 1
    assert taken > 1000
    assert not link.send(report(octets_in=taken), reply_to())
    first = read(link)
    assert link.send(report(octets_in=taken), reply_to())
    records = opened(first + read(link))
    assert [record.octets_in for record in records] == list(range(taken + 1))


def test_a_secret_that_did_not_fit_comes_before_the_next_record(link: Pipe) -> None:
    while link.send(report(), reply_to()):
        pass
    link.send_secret(70, b"n" * 600)  # longer than the record that did not go in
    assert pipe.split(read(link)).notes == [("socket", None)]
    assert link.send(report(octets_in=7), reply_to())
    piped = pipe.split(read(link))
    assert piped.notes == [("secret", (70, b"n" * 600))]
    assert len(piped.records) == 1


def test_a_long_message_that_the_pipe_took_a_part_of_is_finished_before_the_next(link: Pipe) -> None:
    """Above 4,096 octets a pipe may do that: a device's Proxy-States can be as long."""
    long = reply_to(states=bytes(4000))
    taken = 0
    while link.send(report(octets_in=taken, session_id=b"x" * (taken % 7)), long):
        taken += 1
    piped = pipe.split(read(link))
    assert piped.rest, "no message was cut, so this shows nothing"
    assert link.send(report(octets_in=taken), long)
    again = pipe.split(piped.rest + read(link))
    assert again.rest == b""
    octets = codec.load(codec.joined(piped.records + again.records))
    assert [record.octets_in for record in map(codec.record, octets)] == list(range(taken + 1))  # type: ignore[union-attr]
    assert {len(reply_to.proxy_states) for reply_to in again.replies} == {4000}


def test_the_death_of_the_other_process_is_noticed(link: Pipe) -> None:
    assert link.send(report(), reply_to())
    assert link.facts() == {}
    link.close_theirs()
    with pytest.raises(Lost):
        link.send(report(), reply_to())
    with pytest.raises(Lost):
        link.facts()
