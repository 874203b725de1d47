"""Pages as PDF/A-3b by typst: the same octets for the same document, wherever and whenever they are made.

typst sees the folder of our template and the data, nothing else: no fonts but Debian's Noto, no packages, no clock.
"""

from __future__ import annotations

import re
import threading
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import typst

from models.money.paper import factur_x
from models.money.paper.page import Page, page_of
from models.money.paper.paper import Paper, StatementPaper
from models.money.paper.statement import statement_page
from models.money.paper.words import ROOT, Unprintable

#: Where fonts-noto-core and fonts-noto-cjk put them.
_FONTS = (Path("/usr/share/fonts/truetype/noto"), Path("/usr/share/fonts/opentype/noto"))
#: Without these nothing is set: the page's own words in every language.
_FAMILIES = ("Noto Sans", "Noto Sans Arabic")
#: How typst says that no font has a text's glyph, which PDF/A forbids to leave open.
_NO_GLYPH = re.compile(r'the text `?"(.+?)"`? (?:could|cannot) ')
_of_thread = threading.local()


class NoFonts(RuntimeError):
    """Debian's Noto fonts are not installed."""


def pdf(paper: Paper, xml: bytes) -> bytes:
    """The document's page with `xml` attached (empty: none). Raises Unprintable, and NoFonts."""
    pages = _set(page_of(paper), xml.decode(), paper.issued_on)
    return factur_x.with_metadata(pages) if xml else pages


def statement_pdf(paper: StatementPaper) -> bytes:
    """The same of a statement of account."""
    return _set(statement_page(paper), "", paper.until)


def _set(page: Page, xml: str, on: date) -> bytes:
    """`on` is the day that the file says it was made on."""
    try:
        written = _compiler().compile(
            format="pdf", pdf_standards="a-3b", sys_inputs={"page": page.as_json(), "xml": xml},
            timestamp=int(datetime(on.year, on.month, on.day, tzinfo=UTC).timestamp()),
        )  # fmt: skip
    except typst.TypstError as refused:
        if no_glyph := _NO_GLYPH.search(str(refused)):
            raise Unprintable(no_glyph[1][0]) from None
        raise
    if not isinstance(written, bytes):  # a list is for formats of a file a page
        raise TypeError("typst wrote no PDF")
    return written


def _compiler() -> typst.Compiler:
    """One a thread: it sets one document at a time."""
    compiler: typst.Compiler | None = getattr(_of_thread, "compiler", None)
    if compiler is None:
        compiler = _of_thread.compiler = typst.Compiler(
            str(ROOT / "page.typ"), root=str(ROOT), font_paths=_fonts(), ignore_system_fonts=True,
            package_path=str(ROOT), package_cache_path=str(ROOT),
        )  # fmt: skip
    return compiler


@cache
def _fonts() -> typst.Fonts:
    folders: list[Path] = [folder for folder in _FONTS if folder.is_dir()]
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    families = set(fonts.families())
    if missing := [family for family in _FAMILIES if family not in families]:
        raise NoFonts(f"No font {missing[0]} is installed: apt install fonts-noto-core fonts-noto-cjk")
    return fonts
