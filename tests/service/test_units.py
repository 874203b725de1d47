"""systemd's units: one for every part, judged by systemd itself, sandboxed, with each secret where it is needed."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path

import pytest

from service import part_environment, parts
from service.errors import Refusal
from service.host import layout
from service.host.secret_file import Secrets, load_or_create
from service.host.settings import HOME, Settings, from_environment
from service.systemd import files, units

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root has users apart"),
    pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="Debian's package systemd is not installed"),
]

WORST = 2.5
PAGE = HOME / "docs" / "install.md"
SECRETS = {"CREDENTIAL_KEYS", "RADIUS_SECRET", "JWT_SECRET_KEY", "METRICS_TOKEN", "ADMIN_PASSWORD"}
OUTSIDE = "postgresql://owner:pw@192.0.2.12/books"


class Installed:
    """Units and copies of one STATE_DIR, written as `make install` writes them, below `directory`."""

    def __init__(self, directory: Path, **variables: str) -> None:
        self.directory = directory / "units"
        self.directory.mkdir()
        self.settings: Settings = from_environment({"STATE_DIR": str(directory / "state"), **variables})
        layout.prepare(self.settings)
        self.secrets: Secrets = load_or_create(self.settings.state_dir, variables)
        self.files = files.write(self.settings, self.secrets, self.directory)
        self.services = [path for path in self.files if path.suffix == ".service"]

    def unit(self, part: str) -> dict[str, str]:
        """Its last value of each setting, whatever the section."""
        return read(self.directory / units.of_part(self.settings, part))


def read(path: Path) -> dict[str, str]:
    parser = RawConfigParser(strict=False, comment_prefixes=("#",), delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text(encoding="utf-8"))
    return {name: value for section in parser.sections() for name, value in parser[section].items()}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("units"), METRICS_TOKEN='a "token" with $dollars, `ticks` and \\')


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """With a database elsewhere."""
    return Installed(tmp_path_factory.mktemp("units"), DATABASE_URL=OUTSIDE, UNIT_PREFIX="second")


def verified(*paths: Path) -> str:
    """What systemd says against the files; it ends with 0 whatever a misspelt line is."""
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True,
                          check=False, timeout=60)  # fmt: skip
    return done.stdout + done.stderr


def exposure(path: Path) -> float:
    """How much of the system a unit's walls leave open, from 0 to 10; the last line has the figure."""
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", path], capture_output=True,
                          text=True, check=False, timeout=60)  # fmt: skip
    figure = re.search(r"exposure level for .*: ([0-9.]+)", done.stdout)
    assert figure, done.stdout + done.stderr
    return float(figure.group(1))


def test_every_part_has_a_unit_that_the_target_wants(installed: Installed, outside: Installed) -> None:
    for copy in (installed, outside):
        present = {units.of_part(copy.settings, part.name) for part in parts.present(copy.settings)}
        own = {units.of_part(copy.settings, name) for name in ("schema", "doctor")}
        assert {path.name for path in copy.services} == present | own
        wants = re.findall(r"^Wants=(.*)$", (copy.directory / units.target(copy.settings)).read_text(), re.MULTILINE)
        assert set(wants) == present | {units.of_part(copy.settings, "schema"),
                                        f"{copy.settings.unit_prefix}-doctor.timer"}  # fmt: skip
    assert not (outside.directory / "second-postgres.service").exists()


@pytest.mark.parametrize("part", parts.PARTS, ids=lambda part: part.name)
def test_a_part_is_started_again_for_ever_and_waits_for_nobody(part: parts.Part, installed: Installed) -> None:
    unit = installed.unit(part.name)
    assert unit["Restart"] == "always"
    assert unit["StartLimitIntervalSec"] == "0"
    assert float(unit["RestartSec"]) <= 1
    assert not {"Requires", "Requisite", "BindsTo", "RestartSteps"} & set(unit)
    assert unit["KillSignal"] == f"SIG{part.stop_signal}"
    assert int(unit["TimeoutStopSec"]) == part.grace_seconds
    assert int(unit["Nice"]) == part.niceness
    assert unit["User"] == installed.settings.accounts.of(part.runs_as).name
    assert unit["StandardOutput"] == "journal"
    if part.name != "postgres":
        assert "infora-postgres.service" in unit["After"], "it is stopped before the database"


def test_a_part_writes_its_own_places_and_no_others(installed: Installed) -> None:
    settings = installed.settings
    for part in parts.PARTS:
        account = settings.accounts.of(part.runs_as)
        own = {str(place.path) for place in layout.places(settings) if place.account == account}
        assert set(installed.unit(part.name)["ReadWritePaths"].split()) == own
        assert installed.unit(part.name)["ProtectSystem"] == "strict"


def test_only_the_writer_keeps_a_right_and_only_priorities(installed: Installed) -> None:
    for part in parts.PARTS:
        wanted = "CAP_SYS_NICE" if part.name == "writer" else ""
        unit = installed.unit(part.name)
        assert (unit["CapabilityBoundingSet"], unit["AmbientCapabilities"]) == (wanted, wanted)


def test_systemd_finds_nothing_wrong_with_any_unit(installed: Installed, outside: Installed) -> None:
    assert verified(*installed.files) == ""
    assert verified(*outside.files) == ""


def test_a_misspelt_line_is_seen(installed: Installed, tmp_path: Path) -> None:
    text = (installed.directory / "infora-api.service").read_text()
    planted = tmp_path / "planted.service"
    planted.write_text(text.replace("NoNewPrivileges", "NoNewPriviledges"))
    assert "NoNewPriviledges" in verified(planted)


def documented() -> dict[str, float]:
    """Unit → figure in the table of docs/install.md."""
    lines = re.findall(r"^\| `infora-([a-z]+)` \|.*\| ([0-9.]+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: float(figure) for name, figure in lines}


def test_every_unit_is_walled_in_and_the_page_has_its_figure(installed: Installed, outside: Installed) -> None:
    figures = {path.stem.removeprefix("infora-"): exposure(path) for path in installed.services}
    assert {name: figure for name, figure in figures.items() if figure > WORST} == {}
    assert max(exposure(path) for path in outside.services) <= WORST
    assert set(documented()) == set(figures)
    version = subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True, check=True).stdout
    if version.startswith("systemd 252 "):  # the page's figures are by this release
        assert documented() == figures


def test_a_unit_without_walls_is_seen(tmp_path: Path) -> None:
    bare = tmp_path / "bare.service"
    bare.write_text("[Service]\nExecStart=/bin/true\n")
    assert exposure(bare) > WORST


def by_the_shell(path: Path) -> dict[str, str]:
    """A copy as a shell reads it, which is how systemd does."""
    done = subprocess.run(["env", "-i", "/bin/sh", "-c", f"set -a; . {path}; env -0"], capture_output=True, text=True,
                          check=True)  # fmt: skip
    pairs = dict(pair.split("=", 1) for pair in done.stdout.split("\0") if pair)
    return {name: value for name, value in pairs.items() if name not in ("PWD", "_")}


def test_each_unit_has_its_parts_environment_and_is_the_only_one_to_read_it(installed: Installed) -> None:
    settings = installed.settings
    for part in parts.PARTS:
        copy = units.environment_file(settings, part.name)
        own = part_environment.of_part(part.name, settings, installed.secrets)
        assert by_the_shell(copy) == own | {"VENV": str(settings.venv), "UNIT_PREFIX": "infora"}
        status = copy.stat()
        assert stat.S_IMODE(status.st_mode) == 0o400
        assert status.st_uid == settings.accounts.of(part.runs_as).uid
    held = by_the_shell(units.environment_file(settings, "schema"))
    assert SECRETS & set(held) == {"ADMIN_PASSWORD"}
    assert "DATABASE_URL" not in held, "its account is the owner at the socket"


@pytest.fixture
def again(tmp_path: Path) -> Iterator[Installed]:
    yield Installed(tmp_path, METRICS_TOKEN="a token")


def test_settings_are_kept_from_one_install_to_the_next_and_secrets_in_one_copy(again: Installed) -> None:
    given = {"RADIUS_LISTEN": "0.0.0.0", "METRICS_TOKEN": "a token"}  # noqa: S104
    files.remember(again.settings, given)
    assert files.remembered(again.settings) == given
    for path in (again.settings.state_dir / "systemd").iterdir():
        assert "a token" not in path.read_text() or path.stem in ("api", "doctor")


def test_what_was_written_goes_and_nothing_else(again: Installed) -> None:
    state = again.settings.state_dir
    before = {path for path in state.rglob("*") if (state / "systemd") not in (path, *path.parents)}
    (again.directory / "infora-of-somebody.service").write_text("[Service]\nExecStart=/bin/true\n")
    removed, left = files.remove(again.settings, again.directory)
    assert left == []
    assert set(again.files) < set(removed)
    assert [path.name for path in again.directory.iterdir()] == ["infora-of-somebody.service"]
    assert set(state.rglob("*")) == before


def test_secrets_that_only_the_environment_gave_outlive_the_units(again: Installed) -> None:
    files.remember(again.settings, {"METRICS_TOKEN": "a token"})
    _removed, left = files.remove(again.settings, again.directory)
    assert {path.name for path in left} == {"settings.json", "doctor.env"}
    assert files.remembered(again.settings) == {"METRICS_TOKEN": "a token"}


def test_a_second_installation_needs_other_names(installed: Installed, again: Installed) -> None:
    with pytest.raises(Refusal, match=r"infora-postgres\.service belongs to another .*UNIT_PREFIX"):
        files.refuse_foreign(again.settings, installed.directory)
    files.refuse_foreign(again.settings, again.directory)


@pytest.mark.parametrize(
    ("place", "words"), [(str(Path("/home", "somebody")), "see nothing"), ("/srv/a place", "characters")]
)
def test_a_place_that_units_would_not_see_is_refused(place: str, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        files.refuse_place(from_environment({"STATE_DIR": place}))
