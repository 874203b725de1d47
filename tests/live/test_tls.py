"""docs/live/nginx.conf in a real nginx, with a certificate made here: what it passes on, and what it does not."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

SITE = Path(__file__).parents[2] / "docs/live/nginx.conf"
NAME = "billing.example.com"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed: scripts/setup --for-tests")


class _Upstream(BaseHTTPRequestHandler):
    """Answers with the headers that arrived."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        content = json.dumps({"path": self.path, "method": self.command, **headers}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


class Front:
    """A running nginx with the site; `http` and `https` are its ports."""

    def __init__(self, directory: Path, upstream: int) -> None:
        self.http, self.https = _free_port(), _free_port()
        self.certificate = directory / "fullchain.pem"
        _certificate(self.certificate, directory / "privkey.pem")
        (directory / "nginx.conf").write_text(self._configuration(directory, upstream))
        command = [
            str(NGINX),
            "-p",
            str(directory),
            "-c",
            str(directory / "nginx.conf"),
            "-e",
            str(directory / "error.log"),
        ]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        self._process = subprocess.Popen([*command, "-g", "daemon off;"])
        deadline = time.monotonic() + 20
        while not _listens(self.https):
            assert time.monotonic() < deadline and self._process.poll() is None
            time.sleep(0.02)

    def _configuration(self, directory: Path, upstream: int) -> str:
        """The site as it stands in the page's file, but for ports and places."""
        site = SITE.read_text(encoding="utf-8")
        for line in ("listen [::]:80;", "listen [::]:443 ssl http2;"):
            assert line in site
            site = site.replace(line, "")
        for old, new in (("listen 80;", f"listen 127.0.0.1:{self.http};"),
                         ("listen 443 ssl", f"listen 127.0.0.1:{self.https} ssl"),
                         ("127.0.0.1:5000", f"127.0.0.1:{upstream}"),
                         (f"/etc/letsencrypt/live/{NAME}/", f"{directory}/")):  # fmt: skip
            assert old in site
            site = site.replace(old, new)
        own = "".join(
            f"{kind}_temp_path {directory}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return f"user root; pid {directory}/pid; events {{}} http {{ access_log off; {own} {site} }}"

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
        trusted = ssl.create_default_context(cafile=self.certificate)
        connection = HTTPSConnection(NAME, self.https, timeout=30)
        connection.sock = trusted.wrap_socket(socket.create_connection(("127.0.0.1", self.https)), server_hostname=NAME)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _certificate(certificate: Path, key: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    upstream = HTTPServer(("127.0.0.1", 0), _Upstream)
    thread = threading.Thread(target=upstream.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    running = Front(tmp_path_factory.mktemp("nginx"), upstream.server_port)
    yield running
    running.close()
    upstream.shutdown()
    thread.join()
    upstream.server_close()


def test_it_passes_on_the_callers_own_address_whatever_the_caller_claims(front: Front) -> None:
    answer, content = front.ask("/api/isps?page=2", X_Forwarded_For="203.0.113.9", Authorization="Bearer token")
    arrived = json.loads(content)
    assert answer.status == 200
    assert arrived["x-forwarded-for"] == "127.0.0.1"
    assert arrived["x-forwarded-proto"] == "https"
    assert (arrived["host"], arrived["path"]) == (NAME, "/api/isps?page=2")
    assert arrived["authorization"] == "Bearer token"
    _answer, content = front.ask("/api/auth/login", "POST", Content_Length="0")
    assert json.loads(content)["method"] == "POST"


def test_metrics_are_not_for_the_outside(front: Front) -> None:
    assert front.ask("/metrics")[0].status == 404


def test_browsers_are_told_to_stay_with_https(front: Front) -> None:
    answer, _ = front.ask("/docs")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert answer.headers["Server"] == "nginx"


def test_plain_http_is_sent_to_https(front: Front) -> None:
    connection = HTTPConnection("127.0.0.1", front.http, timeout=30)
    connection.request("GET", "/api/isps?page=2", headers={"Host": NAME})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{NAME}/api/isps?page=2")


def test_a_client_that_does_not_know_the_certificate_gets_nothing(front: Front) -> None:
    stranger = ssl.create_default_context()
    with socket.create_connection(("127.0.0.1", front.https)) as plain, pytest.raises(ssl.SSLCertVerificationError):
        stranger.wrap_socket(plain, server_hostname=NAME)
