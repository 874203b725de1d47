"""The HotSpot's pages in a real browser, served by the persona: whom they shut out, and what they send."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from importlib import import_module, resources
from typing import Any

import pytest

from admin_api.devices.hotspot.archive import pages
from admin_api.devices.hotspot.texts import NAMES
from tests.radius_client.hotspot_server import HotspotServer, as_script_text

ID, CHALLENGE = bytes.fromhex("5c"), bytes.fromhex("0f852d5223a02134c4af8b96b58c51d3")
ISP = 'Ünïted & "Sons" of a long name that does not end before the line does'
VALUES = {
    "link-orig": "http://example.com/", "error": "Your data allowance is used up.", "username": "josé@example.com",
    "ip": "10.60.0.17", "uptime": "1h2m3s", "session-time-left": "5d", "bytes-in-nice": "1.2 MiB",
    "bytes-out-nice": "345.6 MiB", "remain-bytes-total": "1", "remain-bytes-total-nice": "3.4 GiB",
    "chap-id": as_script_text(ID), "chap-challenge": as_script_text(CHALLENGE),
}  # fmt: skip
SHOWN = ("login.html", "status.html", "logout.html", "alogin.html", "error.html")
#: Every day the one that is right to left; all of them in the long suite.
LANGUAGES = ["ar", *(pytest.param(code, marks=pytest.mark.long) for code in NAMES if code != "ar")]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if program is None:
        pytest.skip("not installed: chromium-headless-shell")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def hotspot() -> Iterator[HotspotServer]:
    with HotspotServer(pages(ISP, "#fde047", "en"), VALUES) as serving:
        yield serving


def opened(browser: Any, address: str, language: str = "en") -> Any:
    return watched(browser, address, language)[0]


def watched(browser: Any, address: str, language: str) -> tuple[Any, list[str], list[str]]:
    """(Page, the addresses that it asks for, its scripts' faults)."""
    asked: list[str] = []
    faults: list[str] = []
    page = browser.new_page(viewport={"width": 320, "height": 640}, locale=language)
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(address)
    return page, asked, faults


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_shut_out_and_nothing_comes_from_elsewhere(
    browser: Any, hotspot: HotspotServer, language: str
) -> None:
    axe = resources.files(import_module("axe_playwright_python")).joinpath("axe.min.js").read_text(encoding="utf-8")
    for name in SHOWN:
        page, asked, faults = watched(browser, f"{hotspot.base}/{name}", language)
        assert page.evaluate("document.documentElement.lang") == language
        assert page.evaluate("document.documentElement.dir") == ("rtl" if language == "ar" else "ltr")
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 320, name
        assert faults == []
        assert all(url.startswith((hotspot.base, "data:")) for url in asked), asked
        page.evaluate(axe)
        seen = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in seen["violations"]] == [], name
        assert len(seen["passes"]) > 10, "axe looked"
        page.close()


def test_axe_sees_what_is_planted(browser: Any, hotspot: HotspotServer) -> None:
    axe = resources.files(import_module("axe_playwright_python")).joinpath("axe.min.js").read_text(encoding="utf-8")
    page = opened(browser, f"{hotspot.base}/login.html")
    page.evaluate("document.querySelector('label').remove()")
    page.evaluate("document.querySelector('button').style.color = '#fde047'")
    page.evaluate(axe)
    seen = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    assert {"label", "color-contrast"} <= {each["id"] for each in seen["violations"]}
    page.close()


@pytest.mark.parametrize(
    "password", ["plain1", "señor", *(pytest.param(other, marks=pytest.mark.long) for other in ("пароль", ""))]
)
def test_the_browser_proves_the_password_and_does_not_send_it(
    browser: Any, hotspot: HotspotServer, password: str
) -> None:
    page = opened(browser, f"{hotspot.base}/login.html")
    page.fill("#username", "josé@example.com")
    page.fill("#password", password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/alogin.html")
    page.close()
    proof = hashlib.md5(ID + password.encode() + CHALLENGE, usedforsecurity=False).hexdigest()
    assert hotspot.logins == [
        {"dst": "http://example.com/", "popup": "false", "username": "josé@example.com", "password": proof}
    ]
    assert password != "plain1" or proof == "c5a71a0bc2164a916f46107b140fd77b"


def test_a_language_that_is_chosen_is_remembered(browser: Any, hotspot: HotspotServer) -> None:
    page = opened(browser, f"{hotspot.base}/login.html")
    page.select_option("#language", "sw")
    assert page.inner_text("button") == "Ingia"
    page.goto(f"{hotspot.base}/status.html")
    assert page.evaluate("document.documentElement.lang") == "sw"
    page.close()
