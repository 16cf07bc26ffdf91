"""A call's sound beside two threads that burn CPU and a window that never stops painting: nothing is missing.

As in the program: the sound on the engine's thread, windows on the main one, all under one interpreter lock.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from devices.pulse_stream import PulseCapture, PulsePlayout
from media.types import BLOCK, Pcm
from softphone.runtime.engine import Engine
from tests.integration.sound_desk import Desk, Echo, desk_at, inhabited_rig, tone
from tests.lab.process import Process
from tests.lab.pulse import PulseRig
from tests.lab.speech import gaps

pytestmark = [pytest.mark.peer, pytest.mark.slow]

SETTLE_S, START_S, LOOK_S = 3.0, 0.5, 4.0
MOMENTS, FAIR = 12, 4
"""How many moments to look at, and after how many fair ones it is clear how it stands."""
LATE_S = 0.006
"""A moment is fair where a process that only sleeps, of our priority, woke up never later than this."""
WITNESS = """
import sys, time
due = time.monotonic()
while True:
    due += 0.01
    time.sleep(max(0.0, due - time.monotonic()))
    now = time.monotonic()
    if now - due > float(sys.argv[1]):
        print(now, flush=True)
        due = now
"""
NICE = -10
LINES = 400


class BusyWindow(QWidget):
    """Paints itself in Python, again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.painted = 0

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Many lines, each from Python."""
        painter = QPainter(self)
        for line in range(LINES):
            painter.setPen(QColor.fromHsv((line + self.painted) % 360, 200, 200))
            painter.drawLine(0, line, self.width(), LINES - line)
        painter.end()
        self.painted += 1
        self.update()


@contextmanager
def burning(threads: int = 2) -> Iterator[None]:
    """Threads that never let go of the interpreter by themselves."""
    stop = threading.Event()

    def burn() -> None:
        for number in itertools.count():
            if number % 1000 == 0 and stop.is_set():
                return

    running = [threading.Thread(target=burn) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in running:
            thread.join()


@contextmanager
def before_everything_else() -> Iterator[None]:
    """Sound servers usually run before other programs; here this whole process does. Where the system forbids
    it, it stays."""
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, usual)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PulseRig]:
    with before_everything_else(), inhabited_rig(tmp_path_factory.mktemp("pulse")) as running:
        yield running


@pytest.fixture
def witness(rig: PulseRig, tmp_path: Path) -> Iterator[Process]:
    """Says when the machine was busy with others."""
    process = Process([sys.executable, "-c", WITNESS, str(LATE_S)], tmp_path / "witness.log")
    yield process
    process.stop()


class Moment(NamedTuple):
    """What went wrong in some seconds, and whether the machine was ours."""

    underflows: int
    overflows: int
    holes: int
    fair: bool

    @property
    def clean(self) -> bool:
        """Nothing went wrong."""
        return not (self.underflows or self.overflows or self.holes)


async def talk(rig: PulseRig, witness: Process) -> list[Moment]:
    """A call, looked at until it is clear how it stands."""
    async with desk_at(rig) as desk:
        desk.sound.attach((echo := Echo()).stream, echo.send)
        desk.sound.path.play(blocks())
        await asyncio.sleep(SETTLE_S)
        found = list[Moment]()
        while len(found) < MOMENTS and not any(m.clean for m in found) and sum(m.fair for m in found) < FAIR:
            found.append(await moment(desk, witness))
    return found


def blocks() -> Iterator[Pcm]:
    """A tone without end: a hole in it is a hole."""
    second = tone(1.0)
    for start in itertools.cycle(range(0, len(second), BLOCK)):
        yield second[start : start + BLOCK]


async def moment(desk: Desk, witness: Process) -> Moment:
    """Some seconds of the call."""
    speaker, microphone = desk.sound.path.sink, desk.sound.path.source
    assert isinstance(speaker, PulsePlayout)
    assert isinstance(microphone, PulseCapture)
    with ExitStack() as stack:
        # A process is started, which takes time that the engine's thread must not give.
        heard = await asyncio.to_thread(stack.enter_context, desk.rig.recording("headset"))
        await asyncio.sleep(START_S)
        before, began = (speaker.underflows, microphone.overflows), time.monotonic()
        await asyncio.sleep(LOOK_S)
        found = (speaker.underflows - before[0], microphone.overflows - before[1])
        fair = not any(float(late) > began for late in witness.output.split())
        await asyncio.to_thread(stack.close)
    holes = gaps(heard.pcm(since=began)).number
    return Moment(*found, holes, fair)


def test_no_underflow_beside_busy_threads_and_a_busy_window(
    qapp: QApplication, rig: PulseRig, witness: Process
) -> None:
    window = BusyWindow()
    window.resize(LINES, LINES)
    window.show()
    engine = Engine()
    engine.start()
    try:
        with burning():
            talking = engine.submit(talk(rig, witness))
            while not talking.done():
                qapp.processEvents()
                time.sleep(0)
            found = talking.result()
    finally:
        engine.stop()
        window.close()
    print(f"{LOOK_S:g} s each: {found}; the window painted {window.painted} times")
    assert window.painted > 10 * SETTLE_S
    if not any(one.clean or one.fair for one in found):
        pytest.skip("the machine was too busy with other programs all the time")
    assert any(one.clean for one in found)
