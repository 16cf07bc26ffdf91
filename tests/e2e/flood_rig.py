"""A call in which both sides sound all the time: what is missing of it, and what the program holds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.e2e.conftest import THEM, US
from tests.lab.baresip import Baresip
from tests.lab.flood import Aim, flooding
from tests.lab.process import wait_until
from tests.lab.program import Program
from tests.lab.pulse import Pcm, PulseRig, Recording
from tests.lab.sound import level_at, tone
from tests.lab.vitals import Vitals, udp_ports, vitals

OUR_HZ, THEIR_HZ = 1300.0, 800.0
FOR_EVER_S = 120.0
AUDIBLE_DBFS = -40.0
STEPS_A_SECOND = 50
FLOOD_S = 10.0
QUIET_S = 4.0
SETTLED_S = 2.0
ATTEMPTS = 3
"""What other programs do to sound meanwhile is no question of these tests: the best one counts."""

MISHAPS = 5
"""Steps of 20 ms that may be missing beside what is missing without a flood."""

MOST_GROWTH = 20_000_000
SPARE_THREADS = 1
"""The pool of helpers starts one more whenever two of their jobs meet."""


class Sound(NamedTuple):
    """Steps of 20 ms in which the other's tone was missing at our ear and at theirs, and how often our
    speaker ran dry."""

    ours: int
    theirs: int
    underflows: int


def holes(pcm: Pcm, rate: int, hertz: float) -> int:
    step = rate // STEPS_A_SECOND
    starts = range(0, len(pcm) - step + 1, step)
    return sum(level_at(pcm[at : at + step], hertz, rate) < AUDIBLE_DBFS for at in starts)


@dataclass
class Talk:
    """A call in which both sides sound all the time."""

    program: Program
    phone: Baresip
    ear: Recording
    sip_port: int
    media_port: int

    def listen(self, seconds: float) -> Sound:
        """What is missing from now on, for so long."""
        began, before = time.monotonic(), self._underflows()
        time.sleep(seconds)
        dry = self._underflows() - before
        theirs, rate = self.phone.heard(seconds)
        ours = self.ear.pcm(began)
        assert len(ours) > 0.8 * seconds * 48_000, "the ear was not recorded"
        assert len(theirs) > 0.8 * seconds * rate, "nothing came to the other phone"
        return Sound(holes(ours, 48_000, THEIR_HZ), holes(theirs, rate, OUR_HZ), dry)

    def _underflows(self) -> int:
        return int(self.program.control("resources")["underflows"])

    def look(self) -> Vitals:
        """What the program holds now."""
        return vitals(self.program.pid)

    def states(self) -> list[str]:
        """The states of all calls there are."""
        return sorted(call["state"] for call in self.program.calls())

    def told(self) -> list[str]:
        """What the person was told since the start."""
        return [event["code"] for event in self.program.events("notice")]


@contextmanager
def talking(program: Program, phone: Baresip, rig: PulseRig) -> Iterator[Talk]:
    """Call the phone, or be called by one that answers by hand, and let both sound."""
    before = udp_ports(program.pid)
    if phone.phone.answer == "auto":
        program.control("dial", target=THEM)
    else:
        phone.dial(US)
        program.call_in("ringing")
        program.control("answer")
    program.call_in("active")
    media = min(port for port in udp_ports(program.pid) - before if port % 2 == 0)
    with ExitStack() as stack:
        stack.enter_context(rig.saying("headset_mic", tone(OUR_HZ, FOR_EVER_S, -20)))
        ear = stack.enter_context(rig.recording("headset"))
        time.sleep(SETTLED_S)
        yield Talk(program, phone, ear, min(before, default=0), media)


def survives(talk: Talk, aims: Sequence[Aim], folder: Path) -> None:
    """The call sounds as it did before, and the program grows neither in size nor in parts."""
    quiet: list[Sound] = []
    flooded: list[Sound] = []
    before = talk.look()
    for _ in range(ATTEMPTS):
        quiet.append(talk.listen(QUIET_S))
        with ExitStack() as stack:
            floods = [stack.enter_context(flooding(aim, folder)) for aim in aims]
            began, start = talk.look(), time.monotonic()
            flooded.append(talk.listen(FLOOD_S))
            share = (talk.look().cpu_s - began.cpu_s) / (time.monotonic() - start)
            for flood in floods:
                flood.wait()
        sent = sum(flood.sent for flood in floods)
        print(f"{sent} sent, {100 * share:.0f} % of a core; {quiet[-1]}, {flooded[-1]}")
        if better(quiet, flooded):
            break
    after = talk.look()
    assert better(quiet, flooded), (quiet, flooded)
    assert all(flood.sent > 0.9 * aim.rate * FLOOD_S for flood, aim in zip(floods, aims, strict=True))
    assert after.memory - before.memory < MOST_GROWTH
    assert after.threads <= before.threads + SPARE_THREADS
    assert "active" in talk.states()


def better(quiet: Sequence[Sound], flooded: Sequence[Sound]) -> bool:
    """Whether one flood took no more than was missing without one, but for a mishap."""
    usual = [max(column) for column in zip(*quiet, strict=True)]
    return any(
        all(found <= most + MISHAPS for found, most in zip(each, usual, strict=True)) for each in flooded
    )


def keeps_sounding(talk: Talk, seconds: float) -> int:
    """Listen until nothing is missing; how often that took. Raises AssertionError."""
    missing: list[Sound] = []
    while len(missing) < ATTEMPTS:
        missing.append(talk.listen(seconds))
        if better([Sound(0, 0, 0)], missing):
            return len(missing)
    raise AssertionError(missing)


def rings_for(program: Program, phone: Baresip, timeout_s: float) -> bool:
    """Whether a call of this phone gets through when it is tried again and again."""

    def tried() -> bool:
        phone.dial(US)
        number = phone.phone.number
        if wait_until(
            lambda: any(c["remote"] == number and c["state"] == "ringing" for c in program.calls()), 1.5
        ):
            return True
        if phone.events("CALL_RINGING"):
            phone.hang_up()
        return False

    return wait_until(tried, timeout_s, 0.5)
