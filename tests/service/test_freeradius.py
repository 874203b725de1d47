"""Only the releases that keep this system's promises are started."""

from pathlib import Path

import pytest

from radius_module import status
from service.errors import Refusal
from service.host import freeradius

OUTPUT = "radiusd: FreeRADIUS Version {}, for host x86_64-pc-linux-gnu, built on May 1 2025\nFreeRADIUS Version {}\n"


@pytest.mark.parametrize("version", ["3.2.7", "3.2.8", "3.2.11"])
def test_a_sound_release_is_accepted(version: str) -> None:
    assert freeradius.judge(OUTPUT.format(version, version)) == tuple(map(int, version.split(".")))


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("3.2.1", "too old"),
        ("3.0.26", "too old"),
        ("3.2.6", "too old"),
        ("3.2.9", "drops every value"),
        ("3.2.10", "drops every value"),
        ("4.0.0", "another series"),
    ],
)
def test_others_are_refused_with_why_and_what_to_do(version: str, why: str) -> None:
    with pytest.raises(Refusal) as refused:
        freeradius.judge(OUTPUT.format(version, version))

    assert version in str(refused.value)
    assert why in str(refused.value)
    assert "scripts/setup" in str(refused.value)


def test_a_server_that_names_no_version_is_refused() -> None:
    with pytest.raises(Refusal, match="names no version"):
        freeradius.judge("freeradius: error while loading shared libraries")


def test_a_missing_server_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="not installed"):
        freeradius.check_version(str(tmp_path / "freeradius"))


def test_the_version_is_read_from_the_program_itself(tmp_path: Path) -> None:
    program = tmp_path / "freeradius"
    program.write_text("#!/bin/sh\necho 'radiusd: FreeRADIUS Version 3.2.10, for host x'\n")
    program.chmod(0o755)

    with pytest.raises(Refusal, match=r"3\.2\.10 is broken"):
        freeradius.check_version(str(program))


def test_the_installed_server_is_usable() -> None:
    assert freeradius.check_version() >= freeradius.OLDEST


@pytest.mark.parametrize(
    ("version", "warns"), [((3, 2, 7), True), ((3, 2, 8), True), ((3, 2, 11), False), ((3, 2, 12), False)]
)
def test_an_older_release_is_accepted_with_one_line(version: tuple[int, ...], warns: bool) -> None:
    offered = f"FreeRADIUS {'.'.join(map(str, version))} is what Debian offers"
    line = f"{offered}; upstream recommends 3.2.11 or later: use it when it is available to you."
    assert freeradius.warning(version, "3.2.7+dfsg-1") == (line if warns else None)


def test_a_package_that_was_patched_needs_no_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freeradius, "PATCHED", ("3.2.7+dfsg-1+deb13u9",))
    assert freeradius.warning((3, 2, 7), "3.2.7+dfsg-1+deb13u9") is None
    assert freeradius.warning((3, 2, 7), "3.2.7+dfsg-1") is not None


def test_the_doctor_says_the_same() -> None:
    assert status.version_warning() == freeradius.warning(freeradius.check_version(), "")


def test_a_refusal_recommends_no_release_that_upstream_calls_deprecated() -> None:
    with pytest.raises(Refusal) as refused:
        freeradius.judge(OUTPUT.format("3.2.10", "3.2.10"))
    assert "3.2.11 or later" in str(refused.value)
    assert "3.2.7" not in str(refused.value)
