"""The HotSpot's pages: whole, in five languages, from nowhere else, and with a proof that logins understand."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import subprocess
import zipfile
from html.parser import HTMLParser

import pytest

from admin_api.devices.hotspot.archive import FILES, archive, contrast_with_white, pages, readable
from admin_api.devices.hotspot.texts import NAMES, TEXTS
from tests.radius_client.hotspot_page import filled

ISP = 'Ünïted & "Sons" <b>$(mac)</b> {{text:login}}'
HTML = sorted(name for name in FILES if name.endswith(".html"))
CHALLENGE = bytes.fromhex("0f852d5223a02134c4af8b96b58c51d3")
ID = bytes.fromhex("5c")


class Page(HTMLParser):
    """Elements with their attributes, in order; the text of each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1]] = self.texts.get(self._open[-1], "") + data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return pages(ISP, "#fde047", "en")


def variables(**more: str) -> dict[str, str]:
    return {"link-login-only": "http://10.5.50.1/login", "link-orig": "http://example.com/?a=1&b", "error": ""} | more


def test_the_archive_holds_every_file_once_and_is_the_same_each_time() -> None:
    octets = archive(ISP, "#1d4ed8", "ar")
    with zipfile.ZipFile(io.BytesIO(octets)) as zipped:
        assert sorted(zipped.namelist()) == sorted(f"infora/{name}" for name in (*FILES, "texts.js"))
        assert zipped.testzip() is None
    assert octets == archive(ISP, "#1d4ed8", "ar")


@pytest.mark.parametrize("name", HTML)
def test_a_page_names_the_isp_and_nothing_of_it_is_filled_in(texts: dict[str, str], name: str) -> None:
    assert "{{" not in texts[name].replace("{{text:login}}", "", 2)
    page = Page(filled(texts[name], variables(mac="AA:BB")))
    assert page.texts["title"] == ISP
    assert "AA:BB" not in page.texts["title"]


@pytest.mark.parametrize("name", [*HTML, "style.css", "page.js", "md5.js"])
def test_nothing_comes_from_anywhere_else(texts: dict[str, str], name: str) -> None:
    text = texts[name]
    assert re.findall(r"(?:https?:)?//[a-z]", re.sub(r"^//.*|/\*.*?\*/|\s//.*", "", text, flags=re.MULTILINE)) == []
    assert "@import" not in text and "url(" not in text
    for tag, attributes in Page(text).elements if name.endswith(".html") else []:
        for attribute in ("src", "href", "action"):
            target = attributes.get(attribute)
            is_own = target is None or target in texts or target.startswith("$(link-") or target == "data:,"
            assert is_own, (tag, target)


@pytest.mark.parametrize("language", NAMES)
def test_each_language_says_everything(language: str) -> None:
    assert set(TEXTS[language]) == set(TEXTS["en"]) and all(TEXTS[language].values())
    different = [key for key in TEXTS["en"] if TEXTS[language][key] == TEXTS["en"][key]]
    assert language == "en" or different == []
    page = Page(filled(pages("Net", "#1d4ed8", language)["login.html"], variables()))
    assert page.all("html") == [{"lang": language, "dir": "rtl" if language == "ar" else "ltr"}]
    assert page.texts["button"].strip() == TEXTS[language]["login"]
    assert [option["value"] for option in page.all("option")] == list(NAMES)


@pytest.mark.parametrize("name", HTML)
def test_every_text_has_a_key_and_every_field_a_label(texts: dict[str, str], name: str) -> None:
    page = Page(texts[name])
    keys = [attributes["data-text"] for _, attributes in page.elements if "data-text" in attributes]
    assert set(keys) <= set(TEXTS["en"])
    labels = {label.get("for") for label in page.all("label")}
    fields = [field for tag in ("input", "select") for field in page.all(tag) if field.get("type") != "hidden"]
    assert {field.get("id") for field in fields} == labels
    assert page.all("meta")[0] == {"charset": "utf-8"} and len(page.all("h1")) == 1
    assert "user-scalable" not in texts[name] and "maximum-scale" not in texts[name]


def test_the_error_is_announced_and_only_where_there_is_one(texts: dict[str, str]) -> None:
    with_error = Page(filled(texts["login.html"], variables(error="Your data allowance is used up.")))
    assert {"class": "error", "role": "alert"} in with_error.all("div")
    assert "allowance" in with_error.texts["span"]
    assert {"class": "error", "role": "alert"} not in Page(filled(texts["login.html"], variables())).all("div")


def test_without_chap_the_form_is_sent_as_it_is(texts: dict[str, str]) -> None:
    assert "proveBy(" not in filled(texts["login.html"], variables())
    chap = filled(texts["login.html"], variables(**{"chap-id": r"\134", "chap-challenge": r"\017"}))
    assert r"proveBy('\134', '\017')" in chap


@pytest.mark.parametrize("color", ["#ffffff", "#fde047", "#1d4ed8", "#000000", "#ff0000", "#808080"])
def test_white_letters_can_be_read_on_every_colour(color: str) -> None:
    shade = readable(color)
    assert contrast_with_white([int(shade[at : at + 2], 16) for at in (1, 3, 5)]) >= 4.5
    assert shade == color or color not in ("#1d4ed8", "#000000")


def test_api_json_is_json_in_every_state(texts: dict[str, str]) -> None:
    offline = json.loads(filled(texts["api.json"], variables(**{"logged-in": "no"})))
    assert offline == {"captive": True, "user-portal-url": "http://10.5.50.1/login", "can-extend-session": True}
    online = variables(**{"logged-in": "yes", "session-time-left-secs": "60", "remain-bytes-total": "5000000000"})
    assert json.loads(filled(texts["api.json"], online)) == {
        "captive": False, "user-portal-url": "http://10.5.50.1/login", "seconds-remaining": 60,
        "bytes-remaining": 5000000000, "can-extend-session": True,
    }  # fmt: skip


def proofs(texts: dict[str, str], passwords: list[str]) -> list[str]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("not installed: node")
    script = (
        texts["md5.js"]
        + """
const [id, challenge, passwords] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(passwords.map(p => md5Hex(octetsOf(id).concat(utf8Of(p), octetsOf(challenge))))));
"""
    )
    asked = json.dumps([ID.decode("latin-1"), CHALLENGE.decode("latin-1"), passwords])
    result = subprocess.run([node, "-e", script], input=asked, capture_output=True, text=True, check=True)
    answer: list[str] = json.loads(result.stdout)
    return answer


def test_the_proof_is_chap_over_the_octets_of_the_password(texts: dict[str, str]) -> None:
    assert proofs(texts, ["plain1"]) == ["c5a71a0bc2164a916f46107b140fd77b"]
    passwords = ["", "a", "señor", "€uro", "пароль", "١٢", "😀", *("x" * length for length in range(30, 75))]
    assert proofs(texts, passwords) == [
        hashlib.md5(ID + password.encode() + CHALLENGE, usedforsecurity=False).hexdigest() for password in passwords
    ]
