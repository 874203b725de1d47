"""A router's own API (TCP 8729 with TLS, 8728 without) as exact text: the one module that knows librouteros.

The library frames words. What they say is read and written here, below its casts, which make a number of 712345678, a
bool of `no` and nothing of letters beyond ASCII, and below its log, which holds passwords (docs/decisions/0120). One
deadline holds for a whole connection, and after anything but a trap it is closed: the next answer would be the last
question's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import NamedTuple

from radius_module.enforce.wire.router_link import Access, RouterError, RouterLink, not_routeros

try:
    from librouteros.exceptions import ProtocolError
    from librouteros.protocol import decode_length, determine_length, encode_sentence
except ImportError:
    IS_INSTALLED = False
else:
    IS_INSTALLED = True

__all__ = ["Access", "Router", "RouterError", "Row", "Trap", "Value"]

#: Octets of the word that a sentence begins with (`!done`), and of any other.
_LONGEST_KIND, _LONGEST_WORD = 16, 1 << 20
Row = dict[str, str]
Value = str | int


class Trap(RouterError):
    """The router refused one command, and its connection goes on."""

    def __init__(self, text: str) -> None:
        super().__init__("trap", text)


class Reply(NamedTuple):
    """`rows` of `!re`, and what `!done` says."""

    rows: list[Row]
    done: Row


class Router:
    """A connection that is logged in; as a context it closes itself. Raises RouterError everywhere."""

    def __init__(self, access: Access, until: float) -> None:
        """`until`: as for RouterLink."""
        if not IS_INSTALLED:
            raise RouterError("librouteros_missing", "The package librouteros is not installed.")
        self._link = RouterLink(access, until)
        try:
            self._log_in(access)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Router:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._link.close()

    def rows(self, menu: str, names: Sequence[str] = (), where: Mapping[str, str] | None = None) -> list[Row]:
        """Of a menu such as `/ppp/active`. A row without any of the named properties would be left out but for .id."""
        asked = [f"=.proplist={','.join(('.id', *names))}"] if names else []
        queries = [f"?{name}={value}" for name, value in (where or {}).items()]
        return self._command(f"{menu}/print", [*asked, *queries]).rows

    def rows_if_any(self, menu: str, names: Sequence[str] = ()) -> list[Row] | None:
        """The same; None where this version or licence has no such menu."""
        try:
            return self.rows(menu, names)
        except Trap:
            return None

    def add(self, menu: str, values: Mapping[str, Value]) -> str:
        """The new row's id, or nothing where the version does not tell it."""
        return self._command(f"{menu}/add", _words(values)).done.get("ret", "")

    def set(self, menu: str, row_id: str | None, values: Mapping[str, Value]) -> None:
        """Of a row, or of a menu that has none."""
        named = {} if row_id is None else {".id": row_id}
        self._command(f"{menu}/set", _words({**named, **values}))

    def remove(self, menu: str, row_id: str) -> None:
        self._command(f"{menu}/remove", _words({".id": row_id}))

    def _log_in(self, access: Access) -> None:
        try:
            reply = self._command("/login", _words({"name": access.username, "password": access.password}))
        except Trap as refused:
            raise RouterError("bad_login", str(refused)) from None
        if "ret" in reply.done:
            # A challenge: the login of before 6.43, which took the password for nothing and waits for a digest.
            raise RouterError("not_logged_in", "The router has the login of RouterOS before 6.43.")

    def _command(self, command: str, words: Sequence[str]) -> Reply:
        try:
            return self._exchange(command, words)
        except Trap:
            raise
        except BaseException:
            self.close()
            raise

    def _exchange(self, command: str, words: Sequence[str]) -> Reply:
        try:
            self._link.write(encode_sentence(command, *words, encoding="utf-8"))
            return self._read()
        except ProtocolError:
            raise not_routeros() from None
        except OSError as lost:
            raise RouterError("no_answer", f"The connection was lost: {lost.strerror or 'closed'}.") from None

    def _read(self) -> Reply:
        rows: list[Row] = []
        traps: list[str] = []
        while True:
            kind, words = self._sentence()
            if kind == "!re":
                rows.append(_row(words))
            elif kind == "!trap":
                traps.append(_row(words).get("message", "refused"))
            elif kind == "!done":
                break
            elif kind == "!fatal":
                text = words[0] if words else "closed"
                raise RouterError("not_logged_in" if "not logged in" in text else "no_answer", text)
            elif kind != "!empty":
                raise not_routeros()
        if traps:
            raise Trap("; ".join(traps))
        return Reply(rows, _row(words))

    def _sentence(self) -> tuple[str, list[str]]:
        kind, words = self._word(_LONGEST_KIND), []
        if not kind.startswith("!"):
            raise not_routeros()
        while word := self._word(_LONGEST_WORD):
            words.append(word)
        return kind, words

    def _word(self, longest: int) -> str:
        """Octets that are no UTF-8 as `\\xNN`, as the books write them."""
        first = self._link.read(1)
        length = decode_length(first + self._link.read(determine_length(first)))
        if length > longest:
            raise not_routeros()
        return self._link.read(length).decode(errors="backslashreplace")


def _words(values: Mapping[str, Value]) -> list[str]:
    for name, value in values.items():
        if type(value) not in (str, int):
            raise TypeError(f"{name} is neither text nor a whole number")
    return [f"={name}={value}" for name, value in values.items()]


def _row(words: Sequence[str]) -> Row:
    """`=name=value` words; a name may begin with a point, and a value may hold `=`."""
    pairs = (word[1:].partition("=") for word in words if word.startswith("="))
    return {name: value for name, _, value in pairs}
