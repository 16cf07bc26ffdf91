"""One headset and the thread that reads and writes it: a device that hangs holds up nobody else."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from enum import StrEnum

from devices.hid.descriptor import DescriptorError, parse
from devices.hid.layout import Layout
from devices.hid.library import Found, Handle, HidFailure, Library
from devices.hid.telephony import HeadsetLogic
from devices.hid.types import DARK, Lights, Press

log = logging.getLogger(__name__)

READ_MS = 50
"""How long a read waits, and so how late lights may be."""


class Standing(StrEnum):
    """How far a device has come."""

    OPENING = "opening"
    IN_USE = "in-use"
    NO_HEADSET = "no-headset"
    REFUSED = "refused"
    GONE = "gone"


class HeadsetDevice:
    """Opens a device, and while it is there tells its presses and shows the lights. `pressed` and `changed`
    are called on the device's thread."""

    def __init__(
        self,
        library: Library,
        found: Found,
        pressed: Callable[[Press], None],
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.found = found
        self.standing = Standing.OPENING
        self.problem = ""
        self._library = library
        self._pressed = pressed
        self._changed = changed
        self._clock = clock
        self._lights: Lights | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"headset {found.name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def show(self, lights: Lights) -> None:
        """Show these lights soon; never waits."""
        with self._lock:
            self._lights = lights

    def stop(self) -> None:
        """Put the lights out and let the device go, soon."""
        self._stop.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False where the device hangs."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            handle = self._library.open(self.found.path)
        except HidFailure as failure:
            self._now(Standing.REFUSED, str(failure))
            return
        try:
            self._serve(handle)
        except Exception as fault:
            log.exception("headset %s: its buttons are off", self.found.name)
            self._now(Standing.NO_HEADSET, str(fault))
        finally:
            handle.close()

    def _serve(self, handle: Handle) -> None:
        try:
            layout = Layout(parse(handle.descriptor()))
        except (HidFailure, DescriptorError) as failure:
            self._now(Standing.NO_HEADSET, str(failure))
            return
        if not layout.is_headset:
            self._now(Standing.NO_HEADSET)
            return
        logic = HeadsetLogic(layout)
        self._ask_state(handle, layout, logic)
        log.info("headset %s: %s", self.found.name, ", ".join(sorted(layout.controls | layout.lights)))
        self._now(Standing.IN_USE)
        try:
            while not self._stop.is_set():
                self._turn(handle, layout, logic)
            self._go_dark(handle, logic)
        except HidFailure as failure:
            self._now(Standing.GONE, str(failure))

    def _ask_state(self, handle: Handle, layout: Layout, logic: HeadsetLogic) -> None:
        """A headset in another program's call must be left alone from the first moment."""
        for report_id, length in layout.asked():
            try:
                logic.begin(handle.state(report_id, length))
            except HidFailure as failure:
                log.debug("headset %s does not tell its state: %s", self.found.name, failure)

    def _turn(self, handle: Handle, layout: Layout, logic: HeadsetLogic) -> None:
        self._take_lights(logic)
        self._write(handle, logic)
        report = handle.read(layout.longest, READ_MS)
        if not report:
            return
        self._take_lights(logic)  # a press is meant for the calls as they are now
        for press in logic.hear(report, self._clock()):
            log.info("headset %s: %s", self.found.name, press)
            self._pressed(press)

    def _take_lights(self, logic: HeadsetLogic) -> None:
        with self._lock:
            lights, self._lights = self._lights, None
        if lights is not None:
            logic.show(lights)

    def _write(self, handle: Handle, logic: HeadsetLogic) -> None:
        for report in logic.due(self._clock()):
            try:
                handle.write(report)
            except HidFailure as failure:
                log.info("headset %s: %s", self.found.name, failure)

    def _go_dark(self, handle: Handle, logic: HeadsetLogic) -> None:
        logic.show(DARK)
        self._write(handle, logic)

    def _now(self, standing: Standing, problem: str = "") -> None:
        self.standing, self.problem = standing, problem
        self._changed()
