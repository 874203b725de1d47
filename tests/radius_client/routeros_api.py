"""The persona's other side: the RouterOS API over TCP or TLS, with framing of its own, and its faults.

Words are octets here: nothing is cast, and nothing is shared with the library that the product uses.
"""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .routeros_menus import Menus, Refusal

#: The challenge of the login of before 6.43.
_CHALLENGE = "0123456789abcdef0123456789abcdef"


@dataclass
class ApiFaults:
    """How the API misbehaves. `dribbles`: an octet a second; `slow`: seconds before each answer."""

    is_silent: bool = False
    dribbles: bool = False
    slow: float = 0.0
    old_login: bool = False
    #: Said in place of any answer.
    speaks: bytes | None = None
    #: RouterOS from 7.18 on says so of a list without rows.
    says_empty: bool = True
    #: The connection ends after so many commands.
    hangs_up_after: int | None = None


class Certificate:
    """Self-signed, as routers make theirs."""

    def __init__(self, name: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = dt.datetime.now(dt.UTC)
        made = x509.CertificateBuilder(named, named, key.public_key(), x509.random_serial_number(),
                                       now - dt.timedelta(days=1), now + dt.timedelta(days=365))  # fmt: skip
        certificate = made.sign(key, hashes.SHA256())
        self.fingerprint = certificate.fingerprint(hashes.SHA256()).hex()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "both.pem")
            pem, private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
            octets = key.private_bytes(pem, private, serialization.NoEncryption())
            file.write_bytes(octets + certificate.public_bytes(pem))
            self.context.load_cert_chain(file)


@cache
def certificate(name: str = "router") -> Certificate:
    """Made once a run."""
    return Certificate(name)


def encode_length(length: int) -> bytes:
    """As the manual tabulates it: one to five octets, the first of which says how many."""
    for octets, limit, mark in ((1, 1 << 7, 0), (2, 1 << 14, 0x80), (3, 1 << 21, 0xC0), (4, 1 << 28, 0xE0)):
        if length < limit:
            return (length | mark << 8 * (octets - 1)).to_bytes(octets, "big")
    return b"\xf0" + length.to_bytes(4, "big")


def encode(*words: bytes) -> bytes:
    """One sentence."""
    return b"".join(encode_length(len(word)) + word for word in words) + b"\0"


class ApiServer:
    """Serves `menus` at an address; each connection has a thread. `log` holds sentences as they came."""

    def __init__(
        self, menus: Menus, address: str = "127.0.0.1", *, tls: Certificate | None = None,
        faults: ApiFaults | None = None,
    ) -> None:  # fmt: skip
        self.menus, self.username, self.password = menus, "infora", "s3crét"
        self.faults, self._tls = faults or ApiFaults(), tls
        self.log: list[list[bytes]] = []
        self.connections = 0
        self._listener = socket.create_server((address, 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> ApiServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._stopping.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(link,), daemon=True).start()

    def _talk(self, link: socket.socket) -> None:
        try:
            if self.faults.is_silent:
                self._stopping.wait(30)
                return
            if self._tls is not None:
                link = self._tls.context.wrap_socket(link, server_side=True)
            self._obey(link)
        except (OSError, EOFError):
            pass
        finally:
            link.close()

    def _obey(self, link: socket.socket) -> None:
        logged_in = False
        commands = 0
        while True:
            words = _sentence(link)
            if not words:
                continue  # as RouterOS does; octets of another protocol hold such sentences too
            self.log.append(words)
            commands += 1
            if self.faults.slow:
                self._stopping.wait(self.faults.slow)
            if self.faults.speaks is not None:
                self._say(link, self.faults.speaks)
                continue
            if self.faults.hangs_up_after is not None and commands > self.faults.hangs_up_after:
                return
            if words[0] == b"/login":
                answer, logged_in = self._log_in(words)
            elif not logged_in:
                answer = encode(b"!fatal", b"not logged in")
            else:
                with self._lock:
                    answer = self._answer(words[0].decode(), words[1:])
            self._say(link, answer)

    def _log_in(self, words: list[bytes]) -> tuple[bytes, bool]:
        given = _values(words[1:])
        if self.faults.old_login:
            return encode(b"!done", f"=ret={_CHALLENGE}".encode()), False
        if (given.get("name"), given.get("password")) != (self.username, self.password):
            return encode(b"!trap", b"=message=invalid user name or password (6)") + encode(b"!done"), False
        return encode(b"!done"), True

    def _answer(self, command: str, words: list[bytes]) -> bytes:
        menu, _, act = command.rpartition("/")
        given = _values(words)
        try:
            if act == "print":
                return self._print(menu, given, [word for word in words if word.startswith(b"?")])
            row_id = self.menus.act(menu, act, given)
        except Refusal as refused:
            return encode(b"!trap", b"=category=2", f"=message={refused}".encode()) + encode(b"!done")
        return encode(b"!done", *([f"=ret={row_id}".encode()] if row_id else []))

    def _print(self, menu: str, given: dict[str, str], queries: list[bytes]) -> bytes:
        asked = given.get(".proplist", "").split(",") if ".proplist" in given else None
        wanted = dict(query[1:].decode().split("=", 1) for query in queries)
        rows = [row for row in self.menus.rows(menu) if all(row.get(name) == value for name, value in wanted.items())]
        shown = [
            row if asked is None else {name: value for name, value in row.items() if name in asked} for row in rows
        ]
        # A row that has none of the properties that were asked for is left out.
        sentences = [encode(b"!re", *(_octets(f"={name}={value}") for name, value in row.items()))
                     for row in shown if row]  # fmt: skip
        if not sentences and self.faults.says_empty:
            sentences = [encode(b"!empty")]
        return b"".join(sentences) + encode(b"!done")

    def _say(self, link: socket.socket, octets: bytes) -> None:
        if not self.faults.dribbles:
            link.sendall(octets)
            return
        for octet in octets:
            link.sendall(bytes((octet,)))
            if self._stopping.wait(1.0):
                return


def fingerprint_of(server: ApiServer) -> str | None:
    return server._tls.fingerprint if server._tls is not None else None


def deadline(seconds: float) -> float:
    """In monotonic seconds."""
    return time.monotonic() + seconds


def _octets(text: str) -> bytes:
    """Text whose octets beyond UTF-8 stand as surrogates."""
    return text.encode("utf-8", "surrogateescape")


def _values(words: list[bytes]) -> dict[str, str]:
    pairs = (word[1:].decode().partition("=") for word in words if word.startswith(b"="))
    return {name: value for name, _, value in pairs}


def _sentence(link: socket.socket) -> list[bytes]:
    words = []
    while (word := _word(link)) != b"":
        words.append(word)
    return words


def _word(link: socket.socket) -> bytes:
    first = _exactly(link, 1)[0]
    more = next(count for count, mark in ((0, 0x80), (1, 0xC0), (2, 0xE0), (3, 0xF0), (4, 0x100)) if first < mark)
    kept = first & (0x7F, 0x3F, 0x1F, 0x0F, 0)[more]
    return _exactly(link, int.from_bytes(bytes((kept,)) + _exactly(link, more), "big"))


def _exactly(link: socket.socket, count: int) -> bytes:
    octets = b""
    while len(octets) < count:
        piece = link.recv(count - len(octets))
        if not piece:
            raise EOFError
        octets += piece
    return octets
