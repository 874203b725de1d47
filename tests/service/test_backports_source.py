"""The backports source follows the machine's own sources, in whatever form apt knows them."""

import subprocess
from pathlib import Path

import pytest

from service.host.settings import HOME

RELEASE = """\
Origin: {origin}
Label: {origin}
Suite: {codename}
Codename: {codename}
Date: Sat, 17 May 2025 09:00:00 UTC
Architectures: amd64 arm64
Components: main
SHA256:
 {digest} 0 main/binary-amd64/Packages
"""
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class Apt:
    """A separate apt: sources and fetched lists below one directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("etc/sources.list.d", "state/lists/partial", "cache"):
            (root / name).mkdir(parents=True)

    def source(self, name: str, text: str) -> None:
        (self.root / "etc" / name).write_text(text)

    def fetched(self, uri: str, codename: str, origin: str = "Debian") -> None:
        name = uri.split("://")[1].rstrip("/").replace("/", "_") + f"_dists_{codename}"
        text = RELEASE.format(origin=origin, codename=codename, digest=EMPTY)
        (self.root / "state/lists" / f"{name}_Release").write_text(text)
        (self.root / "state/lists" / f"{name}_main_binary-amd64_Packages").write_text("")

    def derive(self) -> "subprocess.CompletedProcess[str]":
        options = [
            f"Dir::Etc={self.root}/etc",
            f"Dir::Etc::sourcelist={self.root}/etc/sources.list",
            f"Dir::Etc::sourceparts={self.root}/etc/sources.list.d",
            f"Dir::State={self.root}/state",
            f"Dir::State::lists={self.root}/state/lists",
            f"Dir::Cache={self.root}/cache",
            "APT::Architecture=amd64",
            "APT::Architectures=amd64",
        ]
        flags = [part for option in options for part in ("-o", option)]
        return subprocess.run(
            [HOME / "scripts/backports-source", "bookworm", *flags], capture_output=True, text=True, check=False
        )


@pytest.fixture
def apt(tmp_path: Path) -> Apt:
    return Apt(tmp_path)


def fields(stanza: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in stanza.strip().splitlines())


def test_a_one_line_source_with_a_key(apt: Apt) -> None:
    apt.source(
        "sources.list", "# ours\ndeb [arch=amd64 signed-by=/k/a.gpg] http://mirror.test/debian bookworm main contrib\n"
    )
    apt.fetched("http://mirror.test/debian", "bookworm")

    assert fields(apt.derive().stdout) == {
        "Types": "deb",
        "URIs": "http://mirror.test/debian/",
        "Suites": "bookworm-backports",
        "Components": "main",
        "Signed-By": "/k/a.gpg",
    }


def test_a_one_line_source_without_a_key_keeps_to_apts_own_keys(apt: Apt) -> None:
    apt.source("sources.list.d/debian.list", "deb http://mirror.test/debian bookworm main\n")
    apt.fetched("http://mirror.test/debian", "bookworm")

    source = fields(apt.derive().stdout)

    assert source["URIs"] == "http://mirror.test/debian/"
    assert "Signed-By" not in source


def test_a_deb822_source_beside_others_in_one_file(apt: Apt) -> None:
    apt.source(
        "sources.list.d/debian.sources",
        "# comments alone are no source\n\n"
        "Types: deb\nURIs: http://security.test/debian-security\nSuites: bookworm-security\nComponents: main\n"
        "Signed-By: /k/security.gpg\n\n"
        "Types: deb\n# a comment\nURIs: http://mirror.test/debian\nSuites: bookworm bookworm-updates\n"
        "Components: main\nSigned-By: /k/debian.gpg\n",
    )
    apt.fetched("http://security.test/debian-security", "bookworm-security")
    apt.fetched("http://mirror.test/debian", "bookworm")

    source = fields(apt.derive().stdout)

    assert (source["URIs"], source["Signed-By"]) == ("http://mirror.test/debian/", "/k/debian.gpg")


def test_a_key_inside_of_a_deb822_source_is_carried_over_whole(apt: Apt) -> None:
    key = "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEZ\n -----END PGP PUBLIC KEY BLOCK-----\n"
    apt.source(
        "sources.list.d/debian.sources",
        f"Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm\nComponents: main\n{key}Enabled: yes\n",
    )
    apt.fetched("http://mirror.test/debian", "bookworm")

    assert apt.derive().stdout.endswith(key + "\n")


def test_a_third_party_that_uses_the_releases_name_is_no_mirror(apt: Apt) -> None:
    apt.source("sources.list.d/a.list", "deb http://vendor.test/apt bookworm main\n")
    apt.source("sources.list.d/b.list", "deb http://mirror.test/debian bookworm main\n")
    apt.fetched("http://vendor.test/apt", "bookworm", origin="Vendor")
    apt.fetched("http://mirror.test/debian", "bookworm")

    assert "vendor.test" not in apt.derive().stdout
    assert "mirror.test" in apt.derive().stdout


def test_configured_backports_are_left_alone(apt: Apt) -> None:
    apt.source(
        "sources.list",
        "deb http://mirror.test/debian bookworm main\ndeb http://other.test/debian bookworm-backports main\n",
    )
    apt.fetched("http://mirror.test/debian", "bookworm")
    apt.fetched("http://other.test/debian", "bookworm-backports")

    done = apt.derive()

    assert (done.returncode, done.stdout) == (0, "")


def test_without_a_mirror_it_fails(apt: Apt) -> None:
    apt.source("sources.list", "deb http://vendor.test/apt bookworm main\n")
    apt.fetched("http://vendor.test/apt", "bookworm", origin="Vendor")

    assert apt.derive().returncode == 1
