"""secrets.env: generated once, readable by its owner alone, never a copy of what the environment gives."""

from pathlib import Path

from service.host.secret_file import FILE, load_or_create

GIVEN = "Zk3-" + "q8Rt1pLx" * 5


def test_secrets_are_generated_once_and_stay(tmp_path: Path) -> None:
    first = load_or_create(tmp_path, {})
    text = (tmp_path / FILE).read_text()

    assert vars(load_or_create(tmp_path, {})) == vars(first)
    assert (tmp_path / FILE).read_text() == text
    assert len(set(vars(first).values())) == len(vars(first))


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    load_or_create(tmp_path, {})

    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_value_of_the_environment_wins_and_is_not_stored(tmp_path: Path) -> None:
    stored = load_or_create(tmp_path, {}).jwt_secret_key

    assert load_or_create(tmp_path, {"JWT_SECRET_KEY": GIVEN}).jwt_secret_key == GIVEN
    assert GIVEN not in (tmp_path / FILE).read_text()
    assert load_or_create(tmp_path, {}).jwt_secret_key == stored


def test_a_new_secret_joins_the_file_without_changing_the_others(tmp_path: Path) -> None:
    load_or_create(tmp_path, {"JWT_SECRET_KEY": GIVEN})
    before = (tmp_path / FILE).read_text()
    assert "JWT_SECRET_KEY" not in before

    load_or_create(tmp_path, {})

    after = (tmp_path / FILE).read_text()
    assert set(before.splitlines()) < set(after.splitlines())
    assert "JWT_SECRET_KEY=" in after


def test_a_secret_is_not_shown_by_accident(tmp_path: Path) -> None:
    secrets = load_or_create(tmp_path, {})

    assert secrets.radius_secret not in repr(secrets)
