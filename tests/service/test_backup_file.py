"""A backup's file: what was put in comes out, and nothing that was cut short or altered is taken for whole."""

from __future__ import annotations

import io
import json
import stat
import tarfile
from pathlib import Path

import pytest

from service.backup import age, archive
from service.backup.archive import Archive
from service.errors import Refusal


@pytest.fixture(scope="module")
def identity() -> str:
    return age.new_identity()


def written(file: Path, identity: str, octets: bytes = b"dump " * 2_000_000) -> Path:
    with age.encrypted(file, ["-r", age.recipient_of(identity)]) as stream:
        backup = Archive(stream)
        backup.add(archive.ABOUT, b'{"format": 1}')
        backup.add("spool/acct/0000000000000001-00.spool.z", b"segment")
        assert backup.add_dump(io.BytesIO(octets)) == len(octets)
        backup.close()
    return file


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, identity: str) -> Path:
    return written(tmp_path_factory.mktemp("backup") / "infora.age", identity)


def test_everything_comes_out_as_it_was_put_in(whole: Path, identity: str) -> None:
    members = list(archive.members(whole, identity))
    assert [member.name for member in members] == [
        "about.json", "spool/acct/0000000000000001-00.spool.z", "database/000000", "database/000001", "database/000002",
    ]  # fmt: skip
    assert b"".join(member.content for member in members[2:]) == b"dump " * 2_000_000
    assert stat.S_IMODE(whole.stat().st_mode) == 0o600
    assert b"dump" not in whole.read_bytes()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99, 0.9999])
def test_a_file_that_was_cut_short_is_not_whole(whole: Path, identity: str, tmp_path: Path, share: float) -> None:
    octets = whole.read_bytes()
    (tmp_path / "cut.age").write_bytes(octets[: int(len(octets) * share)])
    with pytest.raises(Refusal, match="cut"):
        list(archive.members(tmp_path / "cut.age", identity))


@pytest.mark.parametrize("share", [0.5, 0.999])
def test_one_altered_octet_is_seen(whole: Path, identity: str, tmp_path: Path, share: float) -> None:
    octets = bytearray(whole.read_bytes())
    octets[int(len(octets) * share)] ^= 1
    (tmp_path / "altered.age").write_bytes(octets)
    with pytest.raises(Refusal, match="altered"):
        list(archive.members(tmp_path / "altered.age", identity))


def test_it_is_for_its_own_key(whole: Path) -> None:
    with pytest.raises(Refusal, match="another key"):
        list(archive.members(whole, age.new_identity()))


@pytest.mark.parametrize("kind", ["no list", "another digest", "a strange name", "a link"])
def test_a_file_for_the_right_key_that_is_no_backup_is_refused(tmp_path: Path, identity: str, kind: str) -> None:
    with (
        age.encrypted(tmp_path / "odd.age", ["-r", age.recipient_of(identity)]) as stream,
        tarfile.open(fileobj=stream, mode="w|") as tar,
    ):
        about = tarfile.TarInfo("../about.json" if kind == "a strange name" else "about.json")
        about.size = 2
        if kind == "a link":
            about.size, about.type, about.linkname = 0, tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(about, io.BytesIO(b"{}"))
        if kind == "another digest":
            content = json.dumps({"about.json": "00"}).encode()
            listed = tarfile.TarInfo("members.json")
            listed.size = len(content)
            tar.addfile(listed, io.BytesIO(content))
    with pytest.raises(Refusal, match="no whole backup"):
        list(archive.members(tmp_path / "odd.age", identity))


def test_a_file_that_exists_is_not_written_over(whole: Path, identity: str) -> None:
    with pytest.raises(FileExistsError):
        written(whole, identity)


def test_a_layout_of_a_later_release_is_refused() -> None:
    with pytest.raises(Refusal, match="layout 2"):
        archive.about_of(b'{"format": 2}')


def test_a_key_is_taken_from_the_files_that_hold_one(identity: str) -> None:
    assert age.identity_in(f"# created: today\n# public key: …\n{identity}\n") == identity
    with pytest.raises(Refusal, match="private key"):
        age.identity_in("age1qqqq\n")
