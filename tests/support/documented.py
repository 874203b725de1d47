"""The shell commands that pages print, and which of them a test can run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from tests.support.page import FENCE, HOME

#: In the order of a reader who has just found the project.
PAGES = [HOME / "README.md", *sorted((HOME / "docs").glob("*.md"))]


class Block(NamedTuple):
    """What stands between two fences. `reason`: why no test can run it, as the page says it above the block."""

    page: str
    line: int
    text: str
    reason: str | None


def blocks(page: Path) -> list[Block]:
    """Those of shell commands."""
    text = page.read_text(encoding="utf-8")
    name = str(page.relative_to(HOME))
    return [Block(name, text.count("\n", 0, match.start("text")) + 1, match["text"], match["reason"])
            for match in FENCE.finditer(text) if match["language"] in ("sh", "bash", "console")]  # fmt: skip


def commands(text: str) -> list[str]:
    """Lines of a block without comments, continued ones joined."""
    joined = re.sub(r"\s*\\\n\s*", " ", text)
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines())
    return [line for line in lines if line]
