"""The list of parts: every one of them is there, or nothing starts."""

from dataclasses import replace
from pathlib import Path

import pytest

from service import parts
from service.errors import Refusal
from service.host.settings import HOME, from_environment


@pytest.mark.parametrize("part", parts.PARTS, ids=lambda part: part.name)
def test_every_part_begins_with_a_file_of_the_repository(part: parts.Part) -> None:
    assert Path(HOME, part.entry).is_file()


@pytest.mark.parametrize("part", parts.PARTS, ids=lambda part: part.name)
def test_a_part_whose_code_is_missing_is_an_error_that_names_it(part: parts.Part, tmp_path: Path) -> None:
    for other in parts.PARTS:
        if other is not part:
            entry = tmp_path / other.entry
            entry.parent.mkdir(parents=True, exist_ok=True)
            entry.touch()
    incomplete = replace(from_environment({"STATE_DIR": str(tmp_path / "state")}), home=tmp_path)
    with pytest.raises(Refusal, match=rf"{part.entry} \({part.name}\)"):
        parts.present(incomplete)


def test_postgresql_outside_is_no_part_of_the_installation() -> None:
    outside = replace(from_environment({}), database_url="postgresql://somebody@elsewhere/books")
    assert "postgres" not in {part.name for part in parts.present(outside)}
