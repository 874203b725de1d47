"""Users and groups of a folder, by its own /etc."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class User(NamedTuple):
    name: str
    number: int
    group: int


class Accounts:
    def __init__(self, root: Path) -> None:
        self._users = [line.split(":") for line in (root / "etc/passwd").read_text().splitlines()]
        self._groups = [line.split(":") for line in (root / "etc/group").read_text().splitlines()]

    def user(self, text: str) -> User:
        """By name, or `number:number` as Compose has it."""
        number, colon, group = text.partition(":")
        if colon:
            return User("", int(number), int(group))
        line = next(line for line in self._users if line[0] == text)
        return User(text, int(line[2]), int(line[3]))

    def group(self, text: str) -> int:
        return int(text) if text.isdigit() else next(int(line[2]) for line in self._groups if line[0] == text)

    def groups_of(self, user: User) -> list[int]:
        return [user.group, *(int(line[2]) for line in self._groups if user.name in line[3].split(","))]
