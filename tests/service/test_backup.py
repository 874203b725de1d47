"""`make backup` and `make restore` of an installation that stands still: what comes back, and what is refused."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import psycopg2
import pytest

from service.backup import age, database, fingerprints, restore, save
from service.errors import Refusal
from service.host import secret_file
from service.host.secret_file import load_or_create
from tests.service.conftest import Copy


@pytest.fixture(scope="module")
def backup(stopped: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(STATE_DIR, backup) of an installation that has a segment in its spool, and a table of an operator's own."""
    place = tmp_path_factory.mktemp("backup")
    subprocess.run(["cp", "-a", stopped, place / "state"], check=True)
    copy = Copy(place / "state")
    segments = sorted((copy.settings.state_dir / "spool" / "acct").glob("*.spool"))
    assert segments, "the one that was in use"
    secrets = load_or_create(copy.settings.state_dir, {})
    with database.answering(copy.settings, secrets) as urls:
        run(urls.owner, "create table kept (id integer primary key, at timestamptz default now()); insert into kept "
                        "select generate_series(1, 1000)")  # fmt: skip
    done = copy.call("backup", "--to", str(place / "files"), "--prove")
    assert done.returncode == 0, done.stdout
    assert "every table the same" in done.stdout and "its books hold" in done.stdout
    assert "its keys open 1 customers' passwords" in done.stdout
    (file,) = (place / "files").iterdir()
    return copy.settings.state_dir, file


def run(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def test_the_file_is_for_its_owner_alone(backup: tuple[Path, Path]) -> None:
    _state, file = backup
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_it_comes_back_on_another_machine_with_the_key_alone(backup: tuple[Path, Path], tmp_path: Path) -> None:
    """And what is there is not written over without a word."""
    state, file = backup
    other = Copy(tmp_path / "other")
    refused = other.call("restore", "--from", str(file))
    assert refused.returncode == 2 and "KEY=FILE" in refused.stdout
    key = tmp_path / "key.txt"
    identity = secret_file.stored_secret(state, save.KEY)
    key.write_text(f"BACKUP_KEY={identity}\n")
    done = other.call("restore", "--from", str(file.parent), "--key", str(key))
    assert done.returncode == 0, done.stdout
    here = other.settings.state_dir
    assert load_or_create(here, {}) == load_or_create(state, {})
    assert secret_file.stored_secret(here, save.KEY) == identity
    assert (here / "demo.json").read_text() == (state / "demo.json").read_text()
    assert (here / "spool/node").read_text() == (state / "spool/node").read_text()
    for path in (state / "spool/acct").glob("*.spool"):
        assert (here / "spool/acct" / path.name).read_bytes() == path.read_bytes()

    again = other.call("restore", "--from", str(file))
    assert again.returncode == 2 and "OVERWRITE=yes" in again.stdout
    assert (here / "pg/data").exists() and not list(here.glob("before-restore-*"))
    done = other.call("restore", "--from", str(file), "--overwrite")
    assert done.returncode == 0, done.stdout
    (aside,) = here.glob("before-restore-*")
    assert (aside / "pg/data/PG_VERSION").exists()


def test_keys_of_another_installation_are_not_written_over(backup: tuple[Path, Path], tmp_path: Path) -> None:
    state, file = backup
    other = Copy(tmp_path / "other")
    other.settings.state_dir.mkdir()
    before = load_or_create(other.settings.state_dir, {})
    done = other.call("restore", "--from", str(file), "--key", str(state / "secrets.env"))
    assert done.returncode == 2 and "another installation" in done.stdout
    assert load_or_create(other.settings.state_dir, {}) == before


def test_a_truncated_backup_changes_nothing(backup: tuple[Path, Path], tmp_path: Path) -> None:
    state, file = backup
    octets = file.read_bytes()
    (tmp_path / "cut.age").write_bytes(octets[: len(octets) // 2])
    other = Copy(tmp_path / "other")
    done = other.call("restore", "--from", str(tmp_path / "cut.age"), "--key", str(state / "secrets.env"))
    assert done.returncode == 2 and "cut short" in done.stdout
    assert not other.settings.state_dir.exists()


def test_a_table_that_differs_is_named() -> None:
    of = fingerprints.Fingerprint
    before = {"plans": of(2, "10"), "kept": of(1, "1"), "gone": of(1, "5")}
    after = {"plans": of(2, "10"), "kept": of(1, "2"), "new": of(0, "0")}
    lines = fingerprints.differences(before, after)
    assert [line.partition(":")[0] for line in lines] == ["gone", "kept", "new"]
    assert fingerprints.differences(before, before) == []


def test_only_the_newest_backups_stay_and_nothing_else_goes(tmp_path: Path) -> None:
    for day in range(1, 6):
        (tmp_path / f"infora-2026030{day}T000000Z.age").touch()
    (tmp_path / "infora-by-hand.age").touch()
    save.remove_older(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "infora-20260304T000000Z.age", "infora-20260305T000000Z.age", "infora-by-hand.age"
    ]  # fmt: skip
    save.remove_older(tmp_path, 0)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_backup_for_keys_that_are_elsewhere_needs_none_here(tmp_path: Path) -> None:
    identity = age.new_identity()
    recipients = tmp_path / "recipients"
    recipients.write_text(age.recipient_of(identity) + "\n")
    copy = Copy(tmp_path / "state", BACKUP_RECIPIENTS=str(recipients))
    assert copy.settings.backup_recipients == recipients
    with pytest.raises(Refusal, match="is no file"):
        Copy(tmp_path / "state", BACKUP_RECIPIENTS=str(tmp_path / "absent"))
    (tmp_path / "key").write_text(identity)
    assert restore.private_key_in(tmp_path / "key") == identity
