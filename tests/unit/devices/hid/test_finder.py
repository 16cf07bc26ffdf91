"""Headsets that come, go, refuse and hang: nobody else ever waits for them. The clock of threads is real;
everything waited for is a notice."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from devices.hid import finder
from devices.hid.finder import Headsets
from devices.hid.library import Found, HidFailure, Library
from devices.hid.telephony import HeadsetLogic
from devices.hid.types import Lights, Press
from tests.doubles.hid import PATIENCE_S, FakeHid, FakeHidLibrary
from tests.doubles.hid_shapes import KEYBOARD, MOUSE, PLAIN, POLY_LIKE

RINGING = Lights(ringing=True)
TALKING = Lights(off_hook=True)


class Presses:
    """What was pressed, on whichever thread."""

    def __init__(self) -> None:
        self._presses: list[Press] = []
        self._changed = threading.Condition()

    def __call__(self, press: Press) -> None:
        with self._changed:
            self._presses.append(press)
            self._changed.notify_all()

    def wait(self, *presses: Press) -> None:
        """Wait until exactly these were pressed, and forget them."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._presses == list(presses), PATIENCE_S), self._presses
            self._presses.clear()


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finder, "PERIOD_S", 0.02)
    monkeypatch.setattr(finder, "SLOW_PERIOD_S", 0.02)
    monkeypatch.setattr(finder, "_kernel_list", tuple)


@contextmanager
def looking(*devices: FakeHid) -> Iterator[tuple[Headsets, Presses]]:
    """Headsets being looked for among these devices."""
    presses = Presses()
    headsets = Headsets(presses, loader=lambda: FakeHidLibrary(*devices))
    headsets.start()
    try:
        yield headsets, presses
    finally:
        for device in devices:
            device.release()
        headsets.close(PATIENCE_S)


def _told(log: pytest.LogCaptureFixture, text: str) -> int:
    return sum(text in record.getMessage() for record in log.records)


def test_a_headset_is_found_lit_pressed_and_put_out() -> None:
    device = FakeHid(PLAIN)
    with looking(device) as (headsets, presses):
        headsets.show(RINGING)
        device.wait_written(b"\x00\x04")
        assert headsets.names == ("Headset of nobody",)
        device.send(b"\x01")
        presses.wait(Press.PICK_UP)
        headsets.show(TALKING)
        device.wait_written(b"\x00\x01")
    assert device.written == [b"\x00\x00"]
    assert device.closed == 1


def test_lights_wait_for_a_headset_that_comes_in_a_call() -> None:
    device = FakeHid(PLAIN)
    library = FakeHidLibrary()
    headsets = Headsets(Presses(), loader=lambda: library)
    headsets.show(Lights(off_hook=True, muted=True))
    headsets.start()
    try:
        library.plugged[b"new"] = device
        headsets.look()
        device.wait_written(b"\x00\x03")
    finally:
        headsets.close(PATIENCE_S)


def test_unplugged_in_a_call_and_plugged_back_it_shows_the_call_again() -> None:
    device = FakeHid(PLAIN)
    with looking(device) as (headsets, presses):
        headsets.show(TALKING)
        device.wait_written(b"\x00\x01")
        device.pull()
        device.wait(lambda device: device.closed == 1)
        device.plug()
        device.wait_written(b"\x00\x01")
        device.send(b"\x01", b"\x00")
        presses.wait(Press.HANG_UP)


def test_a_headset_gone_from_the_list_is_let_go() -> None:
    device, library = FakeHid(PLAIN), FakeHidLibrary()
    library.plugged[b"one"] = device
    headsets = Headsets(Presses(), loader=lambda: library)
    headsets.start()
    try:
        device.wait(lambda device: device.opened == 1)
        del library.plugged[b"one"]
        device.wait(lambda device: device.closed == 1)
        assert headsets.names == ()
    finally:
        headsets.close(PATIENCE_S)


def test_keyboards_are_not_opened_and_unknown_devices_only_looked_at() -> None:
    keyboard, unknown = FakeHid(KEYBOARD, page=0x01), FakeHid(MOUSE, page=0)
    garbage, headset = FakeHid(b"\xc0"), FakeHid(PLAIN)
    with looking(keyboard, unknown, garbage, headset) as (headsets, _):
        headsets.show(RINGING)
        headset.wait_written(b"\x00\x04")
        unknown.wait(lambda device: device.closed == 1)
        garbage.wait(lambda device: device.closed == 1)
    assert (keyboard.opened, unknown.opened, garbage.opened) == (0, 1, 1)
    assert not keyboard.written + unknown.written + garbage.written


def test_a_headset_in_another_programs_call_is_found_so() -> None:
    device = FakeHid(PLAIN)
    device.asked = b"\x01"
    with looking(device) as (headsets, _):
        headsets.show(RINGING)
        device.wait(lambda device: device.opened == 1)
        device.send(b"\x00")
        device.wait_written(b"\x00\x04")
    assert device.written == [b"\x00\x00"]


def test_without_permission_it_is_tried_some_times_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    device = FakeHid(PLAIN)
    device.refuses = True
    tried = threading.Semaphore(0)

    class Counting(FakeHidLibrary):
        def open(self, path: bytes) -> FakeHid:
            tried.release()
            return super().open(path)

    headsets = Headsets(Presses(), loader=lambda: Counting(device))
    headsets.start()
    try:
        for _ in range(finder.MOST_TRIES):
            assert tried.acquire(timeout=PATIENCE_S)
        assert not tried.acquire(timeout=0.2)
    finally:
        headsets.close(PATIENCE_S)
    assert _told(caplog, "no permission") == 1


def test_permission_that_comes_late_is_enough() -> None:
    device = FakeHid(PLAIN)
    device.refuses = True
    with looking(device) as (headsets, _):
        device.refuses = False
        headsets.show(RINGING)
        device.wait_written(b"\x00\x04")


def test_a_headset_that_hangs_holds_up_neither_the_others_nor_the_program(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hanging, other = FakeHid(PLAIN, "Stuck"), FakeHid(POLY_LIKE, "Well")
    hanging.hangs = True
    headsets = Headsets(Presses(), loader=lambda: FakeHidLibrary(hanging, other))
    headsets.start()
    try:
        headsets.show(RINGING)
        hanging.wait(lambda device: device.stuck)
        other.wait_written(b"\x0a\x01")
        headsets.show(TALKING)
        other.wait_written(b"\x09\x01", b"\x0a\x00", b"\x0b\x00")
        headsets.close(0.2)
        assert _told(caplog, "Stuck does not answer") == 1
        assert hanging.written == []
        assert other.written == [b"\x09\x00"]
    finally:
        hanging.release()
        hanging.wait(lambda device: device.closed == 1)


def test_a_report_refused_is_told_and_the_headset_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    device = FakeHid(PLAIN)
    device.refuses_reports = True
    with looking(device) as (headsets, presses):
        headsets.show(RINGING)
        device.send(b"\x00")
        device.wait(lambda _: _told(caplog, "took none") == 1)
        device.send(b"\x01")
        presses.wait(Press.PICK_UP)


def _no_library() -> Library:
    raise HidFailure("no libudev")


def test_without_the_library_there_are_no_buttons_and_nothing_else_happens(
    caplog: pytest.LogCaptureFixture,
) -> None:
    headsets = Headsets(Presses(), loader=_no_library)
    headsets.start()
    headsets.show(RINGING)
    headsets.look()
    headsets.close(PATIENCE_S)
    assert headsets.problem == "no libudev"
    assert headsets.names == ()
    assert _told(caplog, "no libudev") == 1


def test_a_fault_of_our_own_is_told_and_ends_nothing_but_these_buttons(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object, report: bytes, now: float) -> tuple[Press, ...]:
        raise ValueError("a fault")

    faulty = FakeHid(PLAIN)
    with looking(faulty) as (headsets, _):
        monkeypatch.setattr(HeadsetLogic, "hear", fail)
        faulty.send(b"\x01")
        faulty.wait(lambda device: device.closed == 1)
        monkeypatch.undo()
        headsets.look()
        assert headsets.names == ()
    assert _told(caplog, "its buttons are off") == 1
    caplog.clear()


def test_a_library_that_breaks_is_told(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Library:
        raise AttributeError("no enumerate")

    headsets = Headsets(Presses(), loader=broken)
    headsets.start()
    headsets.close(PATIENCE_S)
    assert headsets.problem == "no enumerate"
    assert _told(caplog, "headset buttons are off") == 1
    caplog.clear()


def test_a_list_that_fails_is_asked_for_again() -> None:
    device = FakeHid(PLAIN)
    library = FakeHidLibrary(device)
    library.fails = True
    headsets = Headsets(Presses(), loader=lambda: library)
    headsets.start()
    try:
        headsets.show(RINGING)
        library.fails = False
        device.wait_written(b"\x00\x04")
    finally:
        headsets.close(PATIENCE_S)


def test_where_the_headset_in_use_has_buttons_only_its_own_count() -> None:
    used, other = FakeHid(PLAIN, "Jabra Evolve2 65"), FakeHid(PLAIN, "Desk phone")
    with looking(used, other) as (headsets, presses):
        headsets.show(RINGING)
        used.wait_written(b"\x00\x04")
        other.wait_written(b"\x00\x04")
        headsets.prefer(("Microphone (Jabra Evolve2 65)", "Speakers (Realtek)"))
        other.wait_written(b"\x00\x00")
        other.send(b"\x01", b"\x00")
        other.wait_heard()
        used.send(b"\x01")
        presses.wait(Press.PICK_UP)
        headsets.prefer(("Built-in microphone", "Speakers (Realtek)"))
        other.wait_written(b"\x00\x04")


def test_linux_lists_nothing_while_the_kernel_has_nothing_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at a folder is cheap; asking the library opens devices."""
    kernel = ["hidraw0"]
    looks = threading.Semaphore(0)
    lists = threading.Semaphore(0)

    def listed() -> tuple[str, ...]:
        looks.release()
        return tuple(kernel)

    class Counting(FakeHidLibrary):
        def devices(self) -> tuple[Found, ...]:
            lists.release()
            return super().devices()

    monkeypatch.setattr(finder, "_kernel_list", listed)
    device = FakeHid(PLAIN)
    headsets = Headsets(Presses(), loader=lambda: Counting(device))
    headsets.start()
    try:
        _acquire(looks, 5)
        assert lists.acquire(timeout=PATIENCE_S)
        assert not lists.acquire(blocking=False)
        kernel.append("hidraw1")
        assert lists.acquire(timeout=PATIENCE_S)
    finally:
        headsets.close(PATIENCE_S)


def _acquire(semaphore: threading.Semaphore, times: int) -> None:
    for _ in range(times):
        assert semaphore.acquire(timeout=PATIENCE_S)


@pytest.mark.parametrize("act", [Headsets.look, lambda headsets: headsets.show(TALKING)])
def test_nothing_waits_while_the_library_hangs(act: Callable[[Headsets], None]) -> None:
    loaded = threading.Event()

    def hang() -> Library:
        loaded.wait(PATIENCE_S)
        raise HidFailure("late")

    headsets = Headsets(Presses(), loader=hang)
    headsets.start()
    act(headsets)
    headsets.close(0.05)
    loaded.set()
