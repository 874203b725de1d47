"""The persona's HotSpot over HTTP: its pages filled in as RouterOS does, and what was sent to its login."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

from .hotspot_page import filled

_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "json": "application/json"}


def as_script_text(octets: bytes) -> str:
    """As chap-id and chap-challenge stand in a page: an octal escape an octet."""
    return "".join(f"\\{octet:03o}" for octet in octets)


class HotspotServer:
    """Serves `files`; a page's variables are `values`. `logins` holds the fields of each login that came."""

    def __init__(self, files: Mapping[str, str], values: Mapping[str, str]) -> None:
        self.files, self.values = files, dict(values)
        self.logins: list[dict[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        for name in ("login", "login-only", "logout", "status", "redirect"):
            self.values[f"link-{name}"] = f"{self.base}/{'login' if name == 'login-only' else name}.html"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> HotspotServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hotspot = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = urlsplit(self.path).path.lstrip("/")
                text = hotspot.files.get(name)
                if text is None:
                    self.send_error(404)
                    return
                octets = filled(text, hotspot.values).encode()
                self.send_response(200)
                self.send_header("Content-Type", _TYPES.get(name.rpartition(".")[2], "text/plain"))
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                hotspot.logins.append({name: values[0] for name, values in parse_qs(body, True).items()})
                self.send_response(303)
                self.send_header("Location", "/alogin.html")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: tests read what came."""

        return Handler
