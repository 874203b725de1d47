"""Between a part and its s6-log: no part waits for its log. Lines that the logger does not take in time are dropped.

python log_pump.py COUNTER s6-log …: COUNTER is a file that says how many (docs/decisions/0085-logs-block-nobody.md).
Runs beside each part, so it imports little.
"""

import os
import select
import signal
import sys
import time
from contextlib import suppress
from threading import Event, Thread

#: Octets that wait for the logger; and those of the longest line, which is cut into several.
MOST, _READ = 256 << 10, 64 << 10
#: Seconds for what waits when the part has ended.
_GRACE = 2.0
#: Between two notes of how many lines were dropped, seconds.
_NOTE_EVERY = 0.2
#: Known by this name to those who look for what a killed supervisor leaves behind (service.s6.services).
_NAME = "s6-log-pump"


class Counter:
    """Lines dropped since the installation was made, in a file that has its octets already: the disk may be full."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        with suppress(OSError):
            os.fchmod(self._file, 0o644)
        self.lines = int(os.pread(self._file, 20, 0) or 0)
        self._changed = Event()
        self.write()
        # A write may wait for the disk, and nobody waits for a write.
        Thread(target=self._keep_written, daemon=True).start()

    def add(self, lines: int) -> None:
        self.lines += lines
        self._changed.set()

    def write(self) -> None:
        with suppress(OSError):
            os.pwrite(self._file, b"%020d\n" % self.lines, 0)

    def _keep_written(self) -> None:
        while True:
            self._changed.wait()
            self._changed.clear()
            self.write()
            time.sleep(_NOTE_EVERY)


class Pump:
    """Lines of a part on their way to its logger."""

    def __init__(self, logger: int, counter: Counter) -> None:
        os.set_blocking(logger, False)
        self._logger, self._counter = logger, counter
        self._waiting = bytearray()
        #: What has come of a line that has no end yet.
        self._begun = b""
        #: Dropped, and not yet said in the log itself.
        self._unsaid = 0

    def run(self, part: int, stop: int) -> None:
        """Until the part has closed its end, or `stop` can be read."""
        while True:
            able = [self._logger] if self._waiting else []
            ready, able, _ = select.select([part, stop], able, [])
            if able:
                self._pass_on()
            if part in ready:
                octets = os.read(part, _READ)
                if not octets:
                    return
                self._take(octets)
            elif ready:
                return

    def finish(self) -> None:
        """What still waits, for a moment."""
        self._take(b"\n" if self._begun else b"")
        deadline = time.monotonic() + _GRACE
        while self._waiting and (left := deadline - time.monotonic()) > 0:
            if select.select([], [self._logger], [], left)[1]:
                self._pass_on()
        self.lose()

    def lose(self) -> None:
        """What waits will not be written."""
        if self._waiting:
            self._counter.add(self._waiting.count(b"\n"))
            self._waiting.clear()
        self._counter.write()

    def _take(self, octets: bytes) -> None:
        octets = self._begun + octets
        end = octets.rfind(b"\n") + 1
        lines, self._begun = octets[:end], octets[end:]
        if len(self._begun) >= _READ:
            lines, self._begun = lines + self._begun + b"\n", b""
        if len(self._waiting) + len(lines) <= MOST:
            self._waiting += lines
        else:
            count = lines.count(b"\n")
            self._unsaid += count
            self._counter.add(count)

    def _pass_on(self) -> None:
        with suppress(BlockingIOError):
            del self._waiting[: os.write(self._logger, self._waiting[:_READ])]
        if self._unsaid and len(self._waiting) < MOST // 2:
            self._waiting += b"log: %d lines were dropped: the disk did not take them\n" % self._unsaid
            self._unsaid = 0


def main(counter: str, *logger: str) -> int:
    """Start the logger and feed it. 1: it has ended by itself."""
    with suppress(OSError), open("/proc/self/comm", "w", encoding="ascii") as name:  # noqa: PTH123  # imports little
        name.write(_NAME)
    wake, woken = os.pipe()
    for end in (wake, woken):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGTERM, lambda *_: None)
    reading, writing = os.pipe()
    child = os.posix_spawnp(logger[0], logger, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, reading, 0)],
                            setsigdef=[signal.SIGPIPE])  # fmt: skip
    os.close(reading)
    pump = Pump(writing, Counter(counter))
    try:
        pump.run(0, wake)
        pump.finish()
    except BrokenPipeError:
        pump.lose()
        return 1
    os.close(writing)
    _wait_for(child)
    return 0


def _wait_for(child: int) -> None:
    """Until it has written what it has, or does not get it written."""
    deadline = time.monotonic() + _GRACE
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
