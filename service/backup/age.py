"""Encryption by `age`: to public keys, without a terminal or a passphrase, and every octet is authenticated.

A private key is handed over through a pipe, never by a file or a command line.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from service.errors import Refusal, last_line

_MISSING = "age is not installed: run scripts/setup."
#: What a private key begins with, in files of age-keygen too.
PRIVATE = "AGE-SECRET-KEY-1"


def new_identity() -> str:
    """A private key."""
    return identity_in(_keygen([], ""))


def identity_in(text: str) -> str:
    """The private key in the text of a key file. Raises Refusal where there is none."""
    for line in text.splitlines():
        if line.strip().startswith(PRIVATE):
            return line.strip()
    raise Refusal(f"No private key of age is there: a line that begins with {PRIVATE} is needed.")


def recipient_of(identity: str) -> str:
    """The public key that belongs to a private one."""
    return _keygen(["-y"], identity + "\n").strip()


def _keygen(options: list[str], text: str) -> str:
    try:
        done = subprocess.run(["age-keygen", *options], input=text, capture_output=True, text=True,  # noqa: S603, S607
                              timeout=60, check=False)  # fmt: skip
    except FileNotFoundError:
        raise Refusal(_MISSING) from None
    if done.returncode != 0:
        raise Refusal(f"The backup's key is not one of age: {last_line(done.stderr)}")
    return done.stdout


@contextmanager
def encrypted(file: Path, recipients: list[str]) -> Iterator[IO[bytes]]:
    """What is written to the stream lies in the file, encrypted and on the disk, when the block ends.

    `recipients`: options of age that say for whom (`-r KEY`, `-R FILE`).
    """
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with _started(["age", "--encrypt", *recipients], stdin=subprocess.PIPE, stdout=handle) as process:
            assert process.stdin is not None  # noqa: S101  # a pipe was asked for
            yield process.stdin
            process.stdin.close()
            _end(process, "The backup could not be encrypted")
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def decrypted(file: Path, identity: str) -> Iterator[IO[bytes]]:
    """The file's content. Leaving the block after its end raises Refusal where an octet was altered or is missing."""
    reading, writing = os.pipe()
    try:
        os.write(writing, identity.encode() + b"\n")
        os.close(writing)
        command = ["age", "--decrypt", "-i", f"/dev/fd/{reading}", str(file)]
        with _started(command, stdout=subprocess.PIPE, pass_fds=(reading,)) as process:
            assert process.stdout is not None  # noqa: S101  # a pipe was asked for
            yield process.stdout
            process.stdout.read()
            _end(process, f"{file} cannot be read: it was altered or cut short, or is for another key")
    finally:
        os.close(reading)


@contextmanager
def _started(command: list[str], **options: object) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of age that does not outlive the block."""
    try:
        process = subprocess.Popen(command, stderr=subprocess.PIPE, **options)  # type: ignore[call-overload]  # noqa: S603
    except FileNotFoundError:
        raise Refusal(_MISSING) from None
    try:
        yield process
    except BrokenPipeError:
        _end(process, "age ended early")
        raise
    finally:
        process.kill()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None and not stream.closed:
                stream.close()
        process.wait()


def _end(process: "subprocess.Popen[bytes]", what: str) -> None:
    """Wait for its end. Raises Refusal with its own words where it failed."""
    assert process.stderr is not None  # noqa: S101  # a pipe was asked for
    errors = process.stderr.read().decode(errors="replace")
    if process.wait() != 0:
        reasons = [line for line in errors.splitlines() if line.startswith("age: error")] or [last_line(errors)]
        raise Refusal(f"{what} ({reasons[0].removeprefix('age: error: ')}).")
