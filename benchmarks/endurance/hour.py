"""One long call: pauses by DTX, a clock that is off by 100 ppm, holds by both sides, refreshed sessions."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.endurance.far_end import FarEnd, frames, share_sent
from benchmarks.endurance.figures import HEAD, Look, Slope, Verdict, counted_flat, grown, look, row
from media.types import RATE
from sip_bridge.client_types import AccountConfig
from tests.doubles.room import talk
from tests.lab.certificates import Authority
from tests.lab.kamailio import Kamailio, Options, User
from tests.lab.ports import LOOPBACK
from tests.lab.program import Program
from tests.lab.pulse import PulseRig, pulse_rig

US, THEM, SECRET = "0401000001", "0401000002", "not-a-secret"
DRIFT_PPM = 100.0
HOLD_S = 4.0
LISTEN_S = 4.0
"""Longer than the far end ever pauses."""

AUDIBLE = 300
"""A sample so loud is speech."""

SPARE_TASKS, SPARE_FILES, SPARE_THREADS = 2, 2, 1
MOST_KB_PER_MINUTE = 20.0
LONGEST_DELAY_MS = 150.0
WARM_S = 300.0


@dataclass
class Minute:
    """What a minute of the call was like: delay of the jitter buffer and levels; made up in percent."""

    look: Look
    delay_ms: float
    concealed: float
    loss: float
    loudest: int
    sent: int
    received: int


@dataclass
class Course:
    """How the call went."""

    minutes: list[Minute] = field(default_factory=list)
    before: Look | None = None
    after: Look | None = None
    holds: int = 0
    media_changes: int = 0
    alive: bool = False


@dataclass
class Desk:
    """A program on a headset, its server, and who it talks to."""

    program: Program
    far_end: FarEnd
    rig: PulseRig


def desk(folder: Path, stack: ExitStack) -> Desk:
    """Everything started and registered; all ends with `stack`."""
    rig = stack.enter_context(pulse_rig(folder / "pulse"))
    authority = Authority(folder / "authority")
    people = (User(US, SECRET), User(THEM, SECRET))
    server = Kamailio(folder / "server", Options(people, certificate=authority.issue("localhost", LOOPBACK)))
    stack.callback(server.stop)
    server.start()
    far_end = FarEnd(DRIFT_PPM)
    stack.callback(far_end.stop)
    ca_file = str(authority.ca_file)
    far_end.start(AccountConfig(LOOPBACK, THEM, SECRET, server.tls_port, "tls", ca_file=ca_file))
    settings = {"audio.microphone": "pulse:headset_mic", "audio.speaker": "pulse:headset"}
    program = Program(folder / "program", rig.environment, settings)
    stack.callback(program.stop)
    program.start()
    program.sign_in(f"localhost:{server.tls_port}", US, SECRET, transport="tls", ca_file=authority.ca_file)
    return Desk(program, far_end, rig)


def go_on(folder: Path, seconds: float, every_s: float = 60.0, tell: Callable[[str], None] = print) -> Course:
    """A call of so many seconds, looked at every `every_s`. Raises PeerFailed."""
    course = Course()
    with ExitStack() as stack:
        at = desk(folder, stack)
        stack.enter_context(_saying_for_ever(at.rig))
        time.sleep(1.0)
        course.before = look(at.program, 0)
        at.program.control("dial", target=THEM)
        at.program.call_in("active")
        tell(
            f"far end: {DRIFT_PPM:+.0f} ppm, {100 * share_sent(frames()):.0f} % of its frames are sent (DTX)"
        )
        tell(f"{HEAD}{'delay ms':>10s}{'made up %':>11s}{'lost %':>8s}{'loudest':>9s}")
        for number, began in _turns(seconds, every_s):
            _hold_and_resume(at, number)
            course.holds += 1
            time.sleep(max(0.0, began + every_s - LISTEN_S - time.monotonic()))
            course.minutes.append(_minute(at, began + every_s))
            tell(told(course.minutes[-1]))
        course.alive = at.far_end.in_call and at.program.call_in("active")["held"] is False
        course.media_changes = at.far_end.media_changes
        at.program.control("hangup")
        at.program.no_calls()
        time.sleep(2.0)
        course.after = look(at.program, seconds)
    return course


@contextmanager
def _saying_for_ever(rig: PulseRig) -> Iterator[None]:
    """Somebody talks into the headset until the block ends."""
    command = ["pacat", "-d", "headset_mic_feed", "--raw", f"--rate={RATE}", "--channels=1", "--format=s16le"]
    feeder = subprocess.Popen(command, stdin=subprocess.PIPE, env={**os.environ, **rig.environment})
    spoken = talk(10.0).tobytes()

    def write() -> None:
        assert feeder.stdin is not None
        with suppress(BrokenPipeError), feeder.stdin as mouth:
            while True:
                mouth.write(spoken)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        yield
    finally:
        feeder.kill()
        feeder.wait()
        writer.join(5)


def _turns(seconds: float, every_s: float) -> Iterator[tuple[int, float]]:
    """The number and begin of each stretch between two looks."""
    began = time.monotonic()
    for number in range(int(seconds // every_s)):
        yield number, began + number * every_s


def _hold_and_resume(at: Desk, number: int) -> None:
    """Each side in turn; the other one is told."""
    if number % 2:
        at.far_end.hold()
        at.program.wait_for(lambda event: _call_is(event, "remote_held", True))
        time.sleep(HOLD_S)
        at.far_end.resume()
    else:
        at.program.control("hold")
        time.sleep(HOLD_S)
        at.program.control("resume")


def _call_is(event: dict[str, Any], key: str, value: object) -> bool:
    return bool(event["event"] == "call" and event["call"][key] == value)


def _minute(at: Desk, until: float) -> Minute:
    """Listen, and look at the figures of the call."""
    heard = at.rig.record("headset", LISTEN_S - 1.0)
    call = at.program.call_in("active")
    quality = call["quality"]
    return Minute(
        look(at.program, call["duration_ms"] / 1000),
        quality["playout_delay_ms"],
        quality["concealed_percent"],
        quality["loss_percent"],
        int(np.abs(heard.astype(np.int32)).max(initial=0)),
        quality["packets_sent"],
        quality["packets_received"],
    )


def told(minute: Minute) -> str:
    """A line of the table."""
    sound = f"{minute.delay_ms:10.0f}{minute.concealed:11.2f}{minute.loss:8.2f}{minute.loudest:9d}"
    return row(minute.look) + sound


def _delay(ms: list[float]) -> Verdict:
    """Whether it grew: a busy machine lifts it for a moment, a clock that is off for ever."""
    part = max(1, len(ms) // 4)
    first, last = median(ms[:part]), median(ms[-part:])
    found = f"{first:.0f} in the first quarter's median, {last:.0f} in the last's, {max(ms):.0f} at most"
    return Verdict("delay ms", found, last < LONGEST_DELAY_MS)


def judged(course: Course) -> list[Verdict]:
    """What must hold of a long call."""
    assert course.before is not None and course.after is not None
    looks = [minute.look for minute in course.minutes]
    warm = [one for one in looks if one.at >= WARM_S] or looks
    kb = grown(warm, "own_kb")
    a_minute = Slope(60 * kb.each, 60 * kb.low, 60 * kb.high)
    delays = [minute.delay_ms for minute in course.minutes]
    silent = sum(minute.loudest < AUDIBLE for minute in course.minutes)
    at_rest = [course.before, course.after]
    return [
        Verdict("the call lasts to its end", "yes" if course.alive else "no", course.alive),
        Verdict("KB a minute, its own", str(a_minute), a_minute.low <= MOST_KB_PER_MINUTE),
        _delay(delays),
        Verdict("minutes in which nothing was heard", str(silent), silent == 0),
        counted_flat(looks, "threads", SPARE_THREADS),
        counted_flat(looks, "files", SPARE_FILES),
        counted_flat(looks, "tasks", SPARE_TASKS),
        counted_flat(at_rest, "files", SPARE_FILES),
        counted_flat(at_rest, "tasks", SPARE_TASKS),
    ]
