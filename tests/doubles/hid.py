"""HID devices at the library's border: tests press, pull, hang, and read what was written."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from devices.hid.library import Found, HidFailure

PATIENCE_S = 5.0
"""How long a test waits for a thread before it calls it stuck."""


class FakeHid:
    """One device. `written` holds every output report; `asked` is its answer to a question for its state."""

    def __init__(self, descriptor: bytes, name: str = "Headset of nobody", *, page: int = 0x0B) -> None:
        self.name = name
        self.page = page
        self.written: list[bytes] = []
        self.asked: bytes | None = None
        self.refuses = False
        self.refuses_reports = False
        self.opened = 0
        self.closed = 0
        self.hangs = False
        self.stuck = False
        self._descriptor = descriptor
        self._reports: deque[bytes] = deque()
        self._gone = False
        self._idle = False
        self._changed = threading.Condition()

    # --- what tests drive -----------------------------------------------------------------------

    def send(self, *reports: bytes) -> None:
        """The device sends input reports."""
        with self._changed:
            self._reports.extend(reports)
            self._changed.notify_all()

    def pull(self) -> None:
        """Unplugged."""
        with self._changed:
            self._gone = True
            self._changed.notify_all()

    def plug(self) -> None:
        """Plugged in again."""
        self._gone = False

    def release(self) -> None:
        """A write that hangs goes on."""
        with self._changed:
            self.hangs = False
            self._changed.notify_all()

    def wait(self, is_so: Callable[[FakeHid], bool]) -> None:
        """Wait until something holds of this device; not all of it is noticed here, so it looks again."""
        deadline = time.monotonic() + PATIENCE_S
        with self._changed:
            while not is_so(self):
                assert time.monotonic() < deadline, f"written: {self.written}"
                self._changed.wait(0.02)

    def wait_written(self, *reports: bytes) -> None:
        """Wait until exactly these have been written, and forget them."""
        self.wait(lambda device: device.written[: len(reports)] == list(reports))
        del self.written[: len(reports)]

    def wait_heard(self) -> None:
        """Wait until every report sent so far has been read and dealt with: the next one is waited for."""
        self.wait(lambda device: device._idle and not device._reports)

    # --- the handle -----------------------------------------------------------------------------

    def descriptor(self) -> bytes:
        """See library.Handle."""
        return self._descriptor

    def state(self, report_id: int, length: int) -> bytes:
        """See library.Handle."""
        if self.asked is None:
            raise HidFailure("stalled")
        return self.asked[:length]

    def read(self, length: int, timeout_ms: int) -> bytes:
        """See library.Handle."""
        with self._changed:
            self._idle = not self._reports
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._gone or self._reports, timeout_ms / 1000)
            self._idle = False
            if self._gone:
                raise HidFailure("gone")
            return self._reports.popleft()[:length] if self._reports else b""

    def write(self, report: bytes) -> None:
        """See library.Handle."""
        with self._changed:
            self.stuck = self.hangs
            self._changed.wait_for(lambda: not self.hangs, 10 * PATIENCE_S)
            if self.refuses_reports:
                raise HidFailure("took none")
            self.written.append(report)
            self._changed.notify_all()

    def close(self) -> None:
        """See library.Handle."""
        with self._changed:
            self.closed += 1
            self._changed.notify_all()


class FakeHidLibrary:
    """Implements library.Library; `plugged` are the devices by path."""

    version = "0.0"

    def __init__(self, *devices: FakeHid) -> None:
        self.plugged = {str(at).encode(): device for at, device in enumerate(devices)}
        self.fails = False

    def devices(self) -> tuple[Found, ...]:
        """See library.Library."""
        if self.fails:
            raise HidFailure("no list")
        return tuple(Found(path, d.name, frozenset((d.page,))) for path, d in self.plugged.items())

    def open(self, path: bytes) -> FakeHid:
        """See library.Library."""
        device = self.plugged[path]
        if device.refuses:
            raise HidFailure("no permission")
        device.opened += 1
        return device
