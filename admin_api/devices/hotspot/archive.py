"""The archive of a HotSpot's pages: the tenant's name, colour and languages in, and nothing from anywhere else.

RouterOS fills in `$(…)` when it serves a page; whatever is not the pages' own is kept from being read as that.
"""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Final

from admin_api.devices.hotspot.texts import NAMES, RIGHT_TO_LEFT, TEXTS

_PAGES: Final = Path(__file__).parent / "pages"
#: In the archive → in `pages`. RouterOS asks for the redirections by either name.
FILES: Final = {
    "login.html": "login.html", "status.html": "status.html", "logout.html": "logout.html", "alogin.html":
    "alogin.html", "error.html": "error.html", "redirect.html": "redirect.html", "rlogin.html": "redirect.html",
    "api.json": "api.json", "errors.txt": "errors.txt", "md5.js": "md5.js", "page.js": "page.js", "style.css":
    "style.css",
}  # fmt: skip
#: Stand in the card of `frame.html`; what follows the mark in one of them, behind the frame's scripts.
_FRAMED: Final = ("login.html", "status.html", "logout.html", "alogin.html", "error.html")
_BEHIND: Final = "<!-- behind the scripts -->\n"
#: The folder on the router: what `html-directory` is set to.
FOLDER: Final = "infora"
#: WCAG 2.2, 1.4.3.
_LEAST_CONTRAST: Final = 4.5
#: One date for all files, so that the same pages are the same octets.
_DATE: Final = (2020, 1, 1, 0, 0, 0)
_PLACE = re.compile(r"\{\{([a-z_]+)(?::([a-z_]+))?\}\}")


def archive(name: str, color: str, language: str) -> bytes:
    """The zip file. `color`: `#RRGGBB`, made darker where white letters on it could not be read."""
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path, text in pages(name, color, language).items():
            zipped.writestr(zipfile.ZipInfo(f"{FOLDER}/{path}", _DATE), text.encode())
    return octets.getvalue()


def pages(name: str, color: str, language: str) -> dict[str, str]:
    """File → its text."""
    values = {
        "name": literal(name), "color": readable(color), "language": language,
        "direction": "rtl" if language in RIGHT_TO_LEFT else "ltr", "languages": _choices(language),
    }  # fmt: skip

    def fill(match: re.Match[str]) -> str:
        kind, key = match.groups()
        return literal(TEXTS[language][key]) if kind == "text" else values[kind]

    filled = {path: _PLACE.sub(fill, _source(name)) for path, name in FILES.items()}
    return filled | {"texts.js": _script(language)}


def _source(name: str) -> str:
    """A file of `pages`, in its frame."""
    text = (_PAGES / name).read_text(encoding="utf-8")
    if name not in _FRAMED:
        return text
    content, _, behind = text.partition(_BEHIND)
    frame = (_PAGES / "frame.html").read_text(encoding="utf-8")
    return frame.replace("{{content}}", content).replace("{{behind}}", behind)


def literal(text: str) -> str:
    """For HTML, and nothing that RouterOS would fill in."""
    return html.escape(text).replace("$", "&#36;")


def readable(color: str) -> str:
    """The nearest darker shade on which white letters can be read."""
    channels = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    while contrast_with_white(channels) < _LEAST_CONTRAST:
        channels = [channel * 19 // 20 for channel in channels]
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def contrast_with_white(channels: list[int]) -> float:
    """WCAG's ratio, of sRGB channels."""
    shares = [channel / 255 for channel in channels]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _script(language: str) -> str:
    data = {"texts": TEXTS, "rightToLeft": RIGHT_TO_LEFT, "fallback": language}
    # Plain ASCII, whatever the router says of its files' encoding.
    return f"var infora = {json.dumps(data, sort_keys=True)};\n".replace("$", "\\u0024")


def _choices(language: str) -> str:
    return "".join(
        f'<option value="{code}" lang="{code}"{" selected" if code == language else ""}>{html.escape(name)}</option>'
        for code, name in NAMES.items()
    )
