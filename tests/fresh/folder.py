"""A Debian in a folder: made by debootstrap, with this repository's last commit in /opt/infora."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
CLONE = "opt/infora"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PIP = (Path("/etc/pip.conf"), Path.home() / ".config/pip/pip.conf", Path.home() / ".pip/pip.conf")


class Folder:
    """`root` is all that is written to. To be used in a mount namespace of its own."""

    def __init__(self, root: Path, release: str) -> None:
        self.root, self.release = root, release

    def create(self) -> None:
        """debootstrap's smallest Debian and git, make and certificates; as `apt install git make` leaves it."""
        if not (self.root / "usr/bin/make").exists():
            shutil.rmtree(self.root, ignore_errors=True)
            mirror = _mirror()
            subprocess.run(["debootstrap", "--variant=minbase", "--include=git,make,ca-certificates", self.release,
                            self.root, *([mirror] if mirror else [])], check=True)  # fmt: skip
        self._lay_clone()
        self._lay_package_sources()

    def mount(self) -> None:
        """The kernel's own file systems; they go with the namespace."""
        for kind, place in (("proc", "proc"), ("sysfs", "sys"), ("tmpfs", "dev"), ("tmpfs", "run")):
            subprocess.run(["mount", "-t", kind, kind, self.root / place], check=True)
        for name in ("null", "zero", "full", "random", "urandom", "tty"):
            (self.root / "dev" / name).touch()
            subprocess.run(["mount", "--bind", f"/dev/{name}", self.root / "dev" / name], check=True)
        (self.root / "dev/fd").symlink_to("/proc/self/fd")
        (self.root / "dev/shm").mkdir(mode=0o1777)
        (self.root / "dev/shm").chmod(0o1777)
        (self.root / "run/lock").mkdir(mode=0o1777)
        for place in _directories_of_pip():
            (self.root / str(place).lstrip("/")).mkdir(parents=True, exist_ok=True)
            subprocess.run(["mount", "--bind", place, self.root / str(place).lstrip("/")], check=True)

    def inside(self, place: str) -> Path:
        """A place of the folder, whose links lead to places of the folder."""
        path = self.root
        for name in Path(place).parts[1:]:
            path = path / name
            while path.is_symlink():
                link = path.readlink()
                path = self.inside(str(link)) if link.is_absolute() else path.parent / link
        return path

    def run(self, *command: str, **variables: str) -> str:
        """In the folder, as root, with hardly any environment; returns what it prints. Fails loudly."""
        passed = {name: os.environ[name] for name in ("PIP_CERT", "SSL_CERT_FILE") if name in os.environ}
        base = {"HOME": "/root", "PATH": _PATH, "LANG": "C.UTF-8", "TERM": "dumb"}
        inside = ["chroot", self.root, "/usr/bin/env", "-C", f"/{CLONE}", *command]
        done = subprocess.run(inside, env=base | passed | variables, text=True, check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)  # fmt: skip
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)} in {self.root} ended with {done.returncode}:\n{done.stdout[-4000:]}")
        return done.stdout

    def _lay_clone(self) -> None:
        """As a clean clone has it: nothing that is not committed."""
        archive = subprocess.run(["git", "-C", HOME, "archive", "HEAD"], capture_output=True, check=True).stdout
        target = self.root / CLONE
        target.mkdir(parents=True, exist_ok=True)
        subprocess.run(["tar", "-x", "-C", target], input=archive, check=True)

    def _lay_package_sources(self) -> None:
        """Where this machine gets its packages from: name servers, certificates, pip's configuration."""
        for path in (Path("/etc/resolv.conf"), Path("/etc/ssl/certs/ca-certificates.crt"), *_PIP):
            if path.exists():
                copy = self.root / str(path).lstrip("/")
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
        own = Path("/usr/local/share/ca-certificates")
        if own.is_dir():
            shutil.copytree(own, self.root / str(own).lstrip("/"), dirs_exist_ok=True)


def _mirror() -> str | None:
    """Debian's main archive as this machine reaches it."""
    sources = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    texts = [path.read_text() for path in sources if path.is_file()]
    mirrors = [url for text in texts for url in re.findall(r"(https?://\S+/debian)/?(?=\s)", text)]
    return mirrors[0] if mirrors else None


def _directories_of_pip() -> list[Path]:
    """Local directories that pip's configuration names."""
    texts = [path.read_text() for path in _PIP if path.exists()]
    named = {Path("/", *Path(name).parts[1:2], *Path(name).parts[2:3]) for text in texts
             for name in re.findall(r"(?:file://)?(/\S+)", text)}  # fmt: skip
    return sorted(path for path in named if path.is_dir() and len(path.parts) > 2)
