"""A router's own API: exact text there and back, and a code of its own for each way in which it fails, in time."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from radius_module.enforce.routeros import Access, Router, RouterError, Trap
from tests.radius_client.routeros_api import ApiFaults, ApiServer, certificate, deadline, encode
from tests.radius_client.routeros_menus import Menus, Refusal

#: Names that other readers change, lose or cut.
NAMES = ["712345678", "0712345678", "no", "true", "José", "١٢", "a=b", "", " x "]


@pytest.fixture
def menus() -> Menus:
    return Menus()


@pytest.fixture
def server(menus: Menus) -> Iterator[ApiServer]:
    with ApiServer(menus, tls=certificate()) as serving:
        yield serving


def access(server: ApiServer, **changes: Any) -> Access:
    values: dict[str, Any] = {
        "address": "127.0.0.1", "port": server.port, "username": server.username, "password": server.password,
        "is_tls": True, "fingerprint": certificate().fingerprint,
    }  # fmt: skip
    return Access(**(values | changes))


#: Long enough on a busy machine; and short, for what is waited out.
PATIENT, SHORT = 8.0, 0.8


def failure(server: ApiServer, seconds: float = PATIENT, **changes: Any) -> RouterError:
    """Of logging in and asking for the identity."""
    began = time.monotonic()
    with (
        pytest.raises(RouterError) as raised,
        Router(access(server, **changes), deadline(seconds)) as router,
    ):
        router.rows("/system/identity")
    assert time.monotonic() - began < seconds + 2.0
    return raised.value


def test_values_come_as_the_text_that_they_are(server: ApiServer, menus: Menus) -> None:
    for name in NAMES:
        menus.put("/ppp/secret", name=name)
    with Router(access(server), deadline(5)) as router:
        assert [row["name"] for row in router.rows("/ppp/secret", ["name"])] == NAMES
        assert [row["name"] for row in router.rows("/ppp/secret", ["name"], {"name": "José"})] == ["José"]
        router.add("/ppp/secret", {"name": "Zoë", "password": "pa$word=1", "comment": 7})
        added = next(row for row in router.rows("/ppp/secret") if row["name"] == "Zoë")
        assert (added["password"], added["comment"]) == ("pa$word=1", "7")
        router.set("/ppp/secret", added[".id"], {"name": "0"})
        router.remove("/ppp/secret", added[".id"])
        assert [row["name"] for row in router.rows("/ppp/secret", ["name"])] == NAMES


def test_octets_that_are_no_text_are_shown_as_the_books_show_them(server: ApiServer, menus: Menus) -> None:
    menus.put("/ppp/secret", name=b"Jos\xe9".decode("utf-8", "surrogateescape"))
    with Router(access(server), deadline(5)) as router:
        assert router.rows("/ppp/secret", ["name"])[0]["name"] == r"Jos\xe9"


@pytest.mark.parametrize("value", [True, 1.0, None, b"x"])
def test_what_is_neither_text_nor_a_whole_number_is_never_sent(server: ApiServer, value: Any) -> None:
    with Router(access(server), deadline(5)) as router:
        said = len(server.log)
        with pytest.raises(TypeError):
            router.add("/ppp/secret", {"name": value})
        assert len(server.log) == said


def test_long_words_and_many_rows_arrive_whole(server: ApiServer, menus: Menus) -> None:
    for number in range(300):
        menus.put("/ppp/secret", name=f"{number}", comment="x" * (number * 70))
    with Router(access(server), deadline(10)) as router:
        assert [len(row["comment"]) for row in router.rows("/ppp/secret", ["comment"])] == [
            number * 70 for number in range(300)
        ]


@pytest.mark.parametrize("says_empty", [True, False])
def test_a_list_without_rows_is_empty_in_either_form(server: ApiServer, says_empty: bool) -> None:
    server.faults.says_empty = says_empty
    with Router(access(server), deadline(5)) as router:
        assert router.rows("/ppp/secret", ["name"]) == []
        assert router.rows("/system/identity")[0]["name"] == "Tower"


def test_a_trap_ends_its_command_and_not_the_connection(server: ApiServer, menus: Menus) -> None:
    def refuse(_row: dict[str, str]) -> None:
        raise Refusal("failure: busy")

    menus.removing["/ppp/secret"] = refuse
    row_id = menus.put("/ppp/secret", name="x")
    with Router(access(server), deadline(5)) as router:
        with pytest.raises(Trap, match="busy"):
            router.remove("/ppp/secret", row_id)
        assert router.rows_if_any("/system/no-such-menu") is None
        assert router.rows("/system/identity")[0]["name"] == "Tower"


def test_after_anything_but_a_trap_the_connection_is_closed(server: ApiServer) -> None:
    server.faults.hangs_up_after = 1
    with Router(access(server), deadline(5)) as router:
        for _ in range(2):
            with pytest.raises(RouterError) as raised:
                router.rows("/system/identity")
            assert raised.value.code == "no_answer"
    assert len(server.log) == 2, "nothing was said on a connection that is out of step"


def test_each_failure_has_its_code(server: ApiServer) -> None:
    assert failure(server, password="wrong").code == "bad_login"
    server.faults = ApiFaults(old_login=True)
    assert failure(server).code == "not_logged_in"
    assert server.log[-1][0] == b"/login", "nothing is asked of a router that has not let us in"
    server.faults = ApiFaults(is_silent=True)
    assert failure(server, SHORT).code == "no_answer"
    server.faults = ApiFaults(slow=5.0)
    assert failure(server, SHORT).code == "no_answer"
    server.faults = ApiFaults(dribbles=True)
    assert failure(server, 2 * SHORT).code == "too_slow"
    server.faults = ApiFaults(speaks=b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10)
    assert failure(server).code == "not_routeros"
    server.close()
    assert failure(server).code == "refused"


def test_a_farewell_is_no_answer(server: ApiServer) -> None:
    server.faults.speaks = encode(b"!fatal")
    assert failure(server).code == "no_answer"
    server.faults.speaks = encode(b"!fatal", b"not logged in")
    assert failure(server).code == "not_logged_in"


@pytest.mark.parametrize("octets", [
    b"\xff", encode(b""), encode(b"!what"), b"\xef\xff\xff\xff", b"SSH-2.0-OpenSSH_9.6\r\n",
], ids=["length", "empty", "kind", "too long", "ssh"])  # fmt: skip
def test_what_no_router_says_is_not_waited_for(server: ApiServer, octets: bytes) -> None:
    server.faults.speaks = octets
    assert failure(server).code == "not_routeros"


def test_nothing_is_said_to_a_certificate_that_is_not_pinned(server: ApiServer) -> None:
    for pinned in (None, certificate("another").fingerprint):
        error = failure(server, fingerprint=pinned)
        assert (error.code, error.fingerprint) == ("certificate_unknown", certificate().fingerprint)
    assert server.log == []


def test_without_tls_on_the_other_side_it_says_so(menus: Menus) -> None:
    with ApiServer(menus) as plain:
        assert failure(plain, SHORT).code in ("tls_failed", "no_answer")
        with Router(access(plain, is_tls=False), deadline(5)) as router:
            assert router.rows("/system/identity")[0]["name"] == "Tower"


def test_no_password_reaches_a_log_at_any_level(server: ApiServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("librouteros").setLevel(logging.DEBUG)
    with Router(access(server), deadline(5)) as router:
        router.add("/ppp/secret", {"name": "x", "password": "hunter2"})
        router.rows("/ppp/secret")
    error = failure(server, password="wrong-passwörd")
    assert not any(word in caplog.text for word in (server.password, "hunter2", "wrong-passw", "=password="))
    assert "wrong" not in str(error) and "wrong" not in repr(error)


def test_without_the_library_the_module_can_be_imported_and_says_what_is_missing() -> None:
    script = """
import sys
sys.modules["librouteros"] = None
from radius_module.enforce.routeros import Access, Router, RouterError
try:
    Router(Access("127.0.0.1", 9, "u", "p", False, None), 0.0)
except RouterError as error:
    print(error.code)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "librouteros_missing"
