"""What a tenant chooses about its pages: a logo (PNG or JPEG, judged by its own octets), and a colour.

The logo is wrapped as text, so that it travels with the page's data.
"""

from __future__ import annotations

import base64
import re
import struct
from typing import NamedTuple

#: Octets; a letterhead needs no more, and each document carries it.
LARGEST = 200_000
_MOST_PIXELS = 4_000
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
#: Segments of a JPEG that say how large it is: baseline, extended and progressive frames.
_FRAMES = (0xC0, 0xC1, 0xC2)
#: Segments without a length.
_BARE = (0x01, *range(0xD0, 0xD9))


#: Millimetres that a logo has in the head of a page.
_WIDEST, _HIGHEST = 60.0, 18.0
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class Logo(NamedTuple):
    """Width and height in pixels."""

    media_type: str
    width: int
    height: int

    def fitted(self) -> tuple[float, float]:
        """Width and height on the page, in millimetres."""
        scale = min(_WIDEST / self.width, _HIGHEST / self.height)
        return round(self.width * scale, 3), round(self.height * scale, 3)


def ink_on(colour: str) -> str:
    """Black or white, whichever is read better on that colour (WCAG 2, relative luminance). Raises ValueError."""
    if not COLOUR.fullmatch(colour):
        raise ValueError("must be a colour such as #1f4e79")
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if (luminance + 0.05) ** 2 < 0.0525 else "#000000"


def read(octets: bytes) -> Logo:
    """Raises ValueError with what is wrong."""
    if len(octets) > LARGEST:
        raise ValueError(f"must not be larger than {LARGEST // 1000} kB")
    if octets.startswith(_PNG) and octets[12:16] == b"IHDR" and len(octets) > 24:
        logo = Logo("image/png", *struct.unpack(">II", octets[16:24]))
    elif octets.startswith(_JPEG):
        logo = Logo("image/jpeg", *_size_of_jpeg(octets))
    else:
        raise ValueError("must be a PNG or a JPEG")
    if not 0 < logo.width <= _MOST_PIXELS or not 0 < logo.height <= _MOST_PIXELS:
        raise ValueError(f"must be between 1 and {_MOST_PIXELS} pixels wide and high")
    return logo


def as_svg(octets: bytes) -> str:
    """The logo as one text."""
    logo = read(octets)
    data = base64.b64encode(octets).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{logo.width}" height="{logo.height}" '
        f'viewBox="0 0 {logo.width} {logo.height}"><image width="{logo.width}" height="{logo.height}" '
        f'href="data:{logo.media_type};base64,{data}"/></svg>'
    )


def _size_of_jpeg(octets: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(octets) and octets[at] == 0xFF:
        marker = octets[at + 1]
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", octets[at + 5 : at + 9])
            return width, height
        at += 2 if marker in _BARE else 2 + int(struct.unpack(">H", octets[at + 2 : at + 4])[0])
    raise ValueError("must be a PNG or a JPEG")
