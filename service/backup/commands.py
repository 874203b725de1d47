"""What a command line says: `python -m service {backup,restore,prove} …`, as the Makefile and timers call it."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from service.backup import proof, restore, save
from service.errors import Refusal
from service.host.settings import Settings
from service.progress import Progress


def run(name: str, arguments: Sequence[str], settings: Settings) -> int:
    """One of them; its exit code."""
    parser = argparse.ArgumentParser(prog=f"python -m service {name}")
    if name == "backup":
        parser.add_argument("--to", type=Path, help="directory or file; default: STATE_DIR/backups")
        parser.add_argument("--keep", type=int, help="how many of its directory stay; 0: all (14 in the default one)")
        parser.add_argument("--prove", action="store_true", help="restore it into a second instance, and compare")
        given = parser.parse_args(arguments)
        return save.save(settings, given.to, given.keep, prove=given.prove)
    parser.add_argument("--from", dest="source", type=Path, required=True, help="file, or directory of it")
    parser.add_argument("--key", type=Path, help="file with the private key; default: that of STATE_DIR")
    if name == "restore":
        parser.add_argument("--overwrite", action="store_true", help="move what is there aside")
    given = parser.parse_args(arguments)
    if given.source == Path():
        raise Refusal("Say which: FROM=FILE, or the directory that holds backups.")
    if name == "restore":
        return restore.restore(settings, given.source.absolute(), given.key, overwrite=given.overwrite)
    file = restore.newest(given.source.absolute())
    identity = restore.private_key(settings, given.key)
    proof.check(settings, file, identity)
    proof.prove(settings, file, identity, Progress())
    proof.leave_notice(settings, proved=True)
    return 0
