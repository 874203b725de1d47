"""The commands of a documentation page, and a shell that runs them as somebody does who types them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

HOME = Path(__file__).resolve().parents[2]
#: A block, and why none of its commands can be run by a test, as the page says it above.
FENCE = re.compile(
    r"^(?:<!-- not run here: (?P<reason>[^\n]*) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S
)


class Section(NamedTuple):
    """What stands under a heading: its title, and its blocks of commands in their order."""

    title: str
    blocks: list[str]


def blocks(text: str, language: str = "sh") -> list[str]:
    """Of that language, in their order."""
    return [match["text"] for match in FENCE.finditer(text) if match["language"] == language]


def sections(page: Path) -> list[Section]:
    """Those of the second level that have commands."""
    parts = re.split(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    found = (Section(title, blocks(text)) for title, text in zip(parts[::2], parts[1::2], strict=True))
    return [section for section in found if section.blocks]


class Shell:
    """One bash for a whole page; a command that fails ends it, as `set -e` of the page says."""

    def __init__(self, directory: Path, environment: dict[str, str], preamble: str = "") -> None:
        self._bash = subprocess.Popen(
            ["bash", "--norc"], cwd=directory, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._run = 0
        if preamble:
            self.run(preamble)

    def run(self, commands: str) -> str:
        """What they print. Fails where one of them did."""
        assert self._bash.stdin is not None and self._bash.stdout is not None
        self._run += 1
        mark = f"@@ done {self._run} @@"
        self._bash.stdin.write(f"{commands}\necho; echo '{mark}'\n")
        self._bash.stdin.flush()
        said: list[str] = []
        for line in self._bash.stdout:
            if line.strip() == mark:
                return "".join(said)
            said.append(line)
        raise AssertionError(f"the shell has ended:\n{commands}\n{''.join(said[-40:])}")

    def __enter__(self) -> Shell:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bash.stdin is not None:
            self._bash.stdin.close()
        self._bash.wait(30)
        if self._bash.stdout is not None:
            self._bash.stdout.close()
