"""Child processes that always end: own process group, output kept, stopped whole."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path


class PeerFailed(Exception):
    """A peer program did not start, or ended early; the text holds the end of its output."""


def wait_until(condition: Callable[[], bool], timeout_s: float = 10.0, step_s: float = 0.02) -> bool:
    """Poll until true; False when the time is out. Blocks: call it from a thread in asyncio tests."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(step_s)
    return condition()


class Process:
    """One program in a process group of its own, its output in `log`; with `typed` it can be written to."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        typed: bool = False,
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE if typed else subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=None if environment is None else {**os.environ, **environment},
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._child.poll() is None

    @property
    def pid(self) -> int:
        """Its process id, also its group's."""
        return self._child.pid

    @property
    def output(self) -> str:
        """Everything it has written so far."""
        return self.log.read_text(errors="replace")

    def type(self, line: str) -> None:
        """Write a line to its standard input. Raises PeerFailed when it does not read any more."""
        if self._child.stdin is None:
            raise PeerFailed("nothing can be typed into it")
        try:
            self._child.stdin.write(line.encode() + b"\n")
            self._child.stdin.flush()
        except OSError as error:
            raise PeerFailed(f"it does not read any more: {self.output[-2000:]}") from error

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group."""
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, number)

    def wait(self, timeout_s: float) -> int | None:
        """Exit status, or None when it still runs after `timeout_s`."""
        try:
            return self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, timeout_s: float = 2.0) -> None:
        """End the group politely, then for good."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        self.wait(timeout_s)
        self.kill()

    def kill(self) -> None:
        """End the group at once."""
        self.signal(signal.SIGKILL)
        self._child.wait(5)
        if self._child.stdin is not None:
            with suppress(OSError):
                self._child.stdin.close()
