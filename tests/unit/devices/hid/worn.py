"""One headset on somebody's head: what is shown, what is pressed, which reports go out."""

from __future__ import annotations

import pytest

from devices.hid.descriptor import parse
from devices.hid.layout import Layout
from devices.hid.telephony import HeadsetLogic
from devices.hid.types import Lights, Press
from tests.doubles import hid_shapes as shapes

RINGING = Lights(ringing=True)
TALKING = Lights(off_hook=True)
MUTED = Lights(off_hook=True, muted=True)
HELD = Lights(off_hook=True, held=True)
WAITING = Lights(off_hook=True, ringing=True)


class Worn:
    """A headset on somebody's head. A long while passes before all that is not said to be soon."""

    def __init__(self, descriptor: bytes) -> None:
        self.logic = HeadsetLogic(Layout(parse(descriptor)))
        self.time = 100.0

    def show(self, lights: Lights) -> list[str]:
        """The reports that are written for these lights."""
        self.time += 10
        self.logic.show(lights)
        return self.due()

    def due(self) -> list[str]:
        """The reports that are written now."""
        return [report.hex() for report in self.logic.due(self.time)]

    def hear(self, *reports: str, after: float = 10.0) -> list[Press]:
        """What these reports mean, sent one after another."""
        heard: list[Press] = []
        for report in reports:
            self.time += after
            heard += self.logic.hear(bytes.fromhex(report), self.time)
        return heard

    def soon(self, *reports: str) -> list[Press]:
        """The same within 20 ms each."""
        return self.hear(*reports, after=0.02)


@pytest.fixture
def plain() -> Worn:
    """Hook bit 0 (state), mute bit 1 (pulse)."""
    return Worn(shapes.PLAIN)


@pytest.fixture
def latched() -> Worn:
    """Hook bit 0 and mute bit 1 of report 1, both states."""
    return Worn(shapes.LATCHED)


@pytest.fixture
def jabra() -> Worn:
    """Hook 01, mute 08, flash 10, redial 20, reject 80."""
    return Worn(shapes.JABRA_LIKE)


@pytest.fixture
def epos() -> Worn:
    """Hook 1, mute 2 (both states of unknown kind), reject 4, redial 8."""
    return Worn(shapes.EPOS_LIKE)
