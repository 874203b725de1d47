"""The script for a router: read by somebody else's judge, and its values by a reader of this file's own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from admin_api.devices.routeros_text import quoted, remark
from admin_api.devices.script import PLACEHOLDER, ForRouter, script

HOME = Path(__file__).resolve().parents[3]
ROUTER = ForRouter(7, "Tower 1", ("ppp", "hotspot"), "203.0.113.10", 1812, 1813, 3799, "198.51.100.7", "pa$word")
VARIANTS = {
    "both": ROUTER,
    "ppp": ROUTER._replace(services=("ppp",)),
    "hotspot": ROUTER._replace(services=("hotspot",)),
    "placeholder": ROUTER._replace(secret=None),
    "ipv6": ROUTER._replace(server="2001:db8::10", source="2001:db8::7"),
    "network": ROUTER._replace(source=None),
    "signs": ROUTER._replace(secret="!#%&()*+,-./:;<=>?@[]^_`{|}~$$a"),
    "name": ROUTER._replace(name='Türm "1"; # $(x) \\'),
}


def judged(texts: dict[str, str], folder: Path) -> tuple[int, str]:
    """Its exit code, and what it said of them."""
    for name, text in texts.items():
        (folder / f"{name}.rsc").write_text(text, encoding="utf-8")
    program = Path(sys.executable).with_name("routeros-lsp")
    result = subprocess.run([program, "check", "--strict", folder], capture_output=True, text=True, check=False)
    assert f"Checked {len(texts)} file" in result.stdout + result.stderr
    return result.returncode, result.stdout + result.stderr


def read_string(text: str) -> str:
    """The value of a RouterOS string, by the manual's table of escapes; a variable or an unknown escape is none."""
    assert text[0] == text[-1] == '"'
    octets, rest = bytearray(), text[1:-1]
    while rest:
        match = re.match(r'\\([0-9A-F]{2})|\\([\\"$?])|([^\\"$?])', rest, re.DOTALL)
        assert match is not None, f"not a plain string: {rest}"
        code, escaped, plain = match.groups()
        octets += bytes.fromhex(code) if code else (escaped or plain).encode()
        rest = rest[match.end() :]
    return octets.decode()


def values(text: str, name: str) -> list[str]:
    """What the script sets a property to, wherever it does."""
    return [read_string(match) for match in re.findall(rf' {name}=("(?:\\.|[^"\\])*")', text)]


def test_somebody_elses_judge_finds_nothing(tmp_path: Path) -> None:
    code, said = judged({name: script(variant) for name, variant in VARIANTS.items()}, tmp_path)
    assert code == 0, said


def test_the_judge_sees_what_is_wrong(tmp_path: Path) -> None:
    code, said = judged({"wrong": script(ROUTER) + "/radius incoming set acept=yes\n"}, tmp_path)
    assert code == 1 and "acept" in said


def test_every_block_of_commands_in_the_docs_can_be_typed(tmp_path: Path) -> None:
    blocks = {
        f"{page.stem}-{number}": block
        for page in (HOME / "docs").rglob("*.md")
        for number, block in enumerate(
            re.findall(r"^```\n([/:].*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        )
    }
    assert sum(name.startswith("router-setup") for name in blocks) >= 4
    code, said = judged(blocks, tmp_path)
    assert code == 0, said


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_quoted_text_means_itself(text: str) -> None:
    assert read_string(quoted(text)) == text


def test_a_dollar_in_a_secret_survives() -> None:
    assert quoted("pa$word") == r'"pa\$word"'
    assert values(script(ROUTER), "secret") == ["pa$word"] * 2
    assert values(script(VARIANTS["signs"]), "secret") == [VARIANTS["signs"].secret] * 2


def test_without_the_secret_the_import_ends_before_it_changes_anything() -> None:
    lines = [line for line in script(VARIANTS["placeholder"]).splitlines() if not line.startswith("#")]
    assert ":error" in lines[0] and lines[0].startswith(f':if ("{PLACEHOLDER}" = (')
    replaced = lines[0].replace(PLACEHOLDER, "s3cret")
    assert replaced.startswith(':if ("s3cret" = ("THE-RADIUS" . "-SECRET"))'), "then nothing ends it"
    assert ROUTER.secret is not None and ROUTER.secret not in script(VARIANTS["placeholder"])


def test_guards_come_before_the_first_change_and_nothing_is_said_twice() -> None:
    lines = [line for line in script(ROUTER).splitlines() if not line.startswith("#")]
    changing = [number for number, line in enumerate(lines) if re.search(r"/\S+( \S+)* (add|set) ", line)]
    assert all(number < changing[0] for number, line in enumerate(lines) if ":error" in line)
    assert sum(" add " in line for line in lines) == 1
    assert '[:len [/radius find where comment="infora device 7"]] = 0' in lines[changing[0]]


def test_each_statement_stands_on_its_line() -> None:
    """A variable of an imported file does not outlive its line, and a remark behind a command is an argument."""
    for line in script(ROUTER).splitlines():
        assert line.startswith("#") or " #" not in line
        used = set(re.findall(r"\$(\w+)", re.sub(r'"(?:\\.|[^"\\])*"', "", line)))
        assert used <= set(re.findall(r":local (\w+)|:foreach (\w+)", line)[0] if used else ()) | set(
            re.findall(r":local (\w+)", line)
        )


def test_local_users_are_not_touched_and_names_are_looked_up() -> None:
    text = script(ROUTER)
    assert "/ppp secret" not in text and "/ip hotspot user" not in text and "hsprof" not in text
    assert "src-address=198.51.100.7" in text and "src-address" not in script(VARIANTS["network"])
    assert "/ppp aaa" not in script(VARIANTS["hotspot"]) and "/ip hotspot" not in script(VARIANTS["ppp"])
    assert remark("a\nb").count("\n") == 0
