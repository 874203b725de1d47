"""Starts a process behind walls, as an engine of containers or systemd would: by the kernel's means, in the child."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_NEWNS, _NEWNET = 0x00020000, 0x40000000
_BIND, _REC, _PRIVATE, _NOSUID, _NODEV, _NOEXEC = 0x1000, 0x4000, 0x40000, 2, 4, 8
_MOUNT_SETATTR, _AT_RECURSIVE, _AT_FDCWD, _READ_ONLY = 442, 0x8000, -100, 1
_CAPBSET_DROP, _SET_NO_NEW_PRIVS, _SET_MDWE, _CAP_LAST = 24, 38, 65, 40
_KEEPCAPS, _AMBIENT, _AMBIENT_RAISE = 8, 47, 2
_SYS_NICE = 23


@dataclass
class Walls:
    """`writable`: (directory outside, where inside). `memory`: (where, options). `calls`: names of system calls."""

    root: Path
    user: int
    group: int
    groups: Sequence[int] = ()
    writable: Sequence[tuple[Path, str]] = ()
    shown: Sequence[tuple[Path, str]] = ()
    memory: Sequence[tuple[str, str]] = ()
    network: bool = True
    keeps_nice: bool = False
    calls: Sequence[str] | None = None
    no_new_code: bool = False
    nice: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: str = "/"


def start(walls: Walls, command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """In a session of its own; what it says goes to the file."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command, env=dict(walls.environment), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            preexec_fn=lambda: _enter(walls), start_new_session=True,  # noqa: PLW1509 - there are no threads
        )  # fmt: skip


def run(walls: Walls, command: Sequence[str], log: Path, seconds: float = 300) -> tuple[int, str]:
    """To its end: (exit code, what it has said)."""
    before = log.stat().st_size if log.exists() else 0
    code = start(walls, command, log).wait(timeout=seconds)
    return code, log.read_bytes()[before:].decode(errors="replace")


def _enter(walls: Walls) -> None:
    """In the child, before the program: mounts, then user and rights, then system calls."""
    _call(_LIBC.unshare(_NEWNS | (0 if walls.network else _NEWNET)))
    _mount("none", Path("/"), None, _REC | _PRIVATE)
    binds = [(os.open(source, os.O_PATH), target, False) for source, target in walls.writable]
    binds += [(os.open(source, os.O_PATH), target, True) for source, target in walls.shown]
    _mount(str(walls.root), walls.root, None, _BIND | _REC)
    _read_only(walls.root, recursive=True)
    _mount("proc", walls.root / "proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    _mount("tmpfs", walls.root / "dev/shm", "tmpfs", _NOSUID | _NODEV, "mode=1777")
    for handle, target, shown in binds:
        place = walls.root / target.lstrip("/")
        _mount(f"/proc/self/fd/{handle}", place, None, _BIND)
        if shown:
            _read_only(place, recursive=False)
    for target, options in walls.memory:
        words = options.split(",")
        flags = _NOSUID | _NODEV | (0 if "exec" in words else _NOEXEC)
        data = ",".join(word for word in words if word not in ("exec", "noexec", ""))
        _mount("tmpfs", walls.root / target.lstrip("/"), "tmpfs", flags, data)
    os.chroot(walls.root)
    os.chdir(walls.directory)
    _drop(walls)


def _drop(walls: Walls) -> None:
    os.setpriority(os.PRIO_PROCESS, 0, walls.nice)
    os.umask(0o077)
    os.setgroups(list(walls.groups))
    os.setgid(walls.group)
    for number in range(_CAP_LAST + 1):
        if not (walls.keeps_nice and number == _SYS_NICE):
            _LIBC.prctl(_CAPBSET_DROP, number, 0, 0, 0)
    _LIBC.prctl(_KEEPCAPS, 1 if walls.keeps_nice else 0, 0, 0, 0)
    os.setuid(walls.user)
    if walls.keeps_nice:
        _keep_nice()
    _call(_LIBC.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    if walls.no_new_code:
        _call(_LIBC.prctl(_SET_MDWE, 1, 0, 0, 0))
    if walls.calls is not None:
        _allow_only(walls.calls)


def _keep_nice() -> None:
    right = 1 << _SYS_NICE
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _call(_LIBC.capset(header, (ctypes.c_uint32 * 6)(right, right, right, 0, 0, 0)))
    _call(_LIBC.prctl(_AMBIENT, _AMBIENT_RAISE, _SYS_NICE, 0, 0))


def _allow_only(names: Sequence[str]) -> None:
    """By libseccomp, as systemd does it: any other call fails with EPERM."""
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(0x00050000 | errno.EPERM))
    for name in names:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            _call(seccomp.seccomp_rule_add(context, 0x7FFF0000, number, 0))
    _call(seccomp.seccomp_load(context))


@cache
def calls_of(group: str) -> frozenset[str]:
    """The system calls of one of systemd's groups."""
    text = subprocess.run(
        ["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True
    ).stdout
    names = [line.strip() for line in text.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    own = {name for name in names if not name.startswith("@")}
    return frozenset(own.union(*(calls_of(name) for name in names if re.match("@", name))))


def _read_only(place: Path, *, recursive: bool) -> None:
    attributes = (ctypes.c_uint64 * 4)(_READ_ONLY, 0, 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    _call(_LIBC.syscall(_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(place), flags, attributes, 32))


def _mount(source: str, target: Path, kind: str | None, flags: int, options: str | None = None) -> None:
    texts = [None if text is None else os.fsencode(text) for text in (source, target, kind, options)]
    _call(_LIBC.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3]))


def _call(result: int) -> None:
    if result < 0:
        number = ctypes.get_errno() or -result
        raise OSError(number, os.strerror(number))
