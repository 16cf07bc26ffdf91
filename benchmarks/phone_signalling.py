"""How soon a phone is registered, rings and speaks: read from the wire alone, by the kernel's clock."""

from __future__ import annotations

import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.phone_caller import is_speech
from benchmarks.phone_rig import Rig, rigged, scheduled_s
from benchmarks.phone_rivals import RIVALS, WithWindows
from benchmarks.phone_tap import Datagram, tapped
from tests.lab.display import display
from tests.lab.process import PeerFailed, wait_until

PAUSE_S = 0.4
RTP_S = 0.4
"""How long a call lasts, from which only the first packet is looked at."""

WINDOW_S = 20.0


def median(values: list[float]) -> float:
    """In ms, of seconds."""
    return 1000 * statistics.median(values)


@dataclass(frozen=True, slots=True)
class Start:
    """From a process's start to the registrar's 200, medians in ms: by the clock, and of CPU time."""

    wall: float
    cpu: float


def starts(runs: int) -> dict[str, Start]:
    """Of each program, in turns; each one's first start is not counted."""
    taken: dict[str, list[float]] = {kind.name: [] for kind in RIVALS}
    worked: dict[str, list[float]] = {kind.name: [] for kind in RIVALS}
    with rigged() as rig, tapped() as tap:
        for run in range(runs + 1):
            for phone in rig.phones.values():
                began = phone.launch()
                done = rig.registered(tap, phone, began)
                cpu = scheduled_s(phone.pid)
                time.sleep(PAUSE_S)
                phone.stop()
                if run:
                    taken[phone.name].append(done - began)
                    worked[phone.name].append(cpu)
    return {name: Start(median(taken[name]), median(worked[name])) for name in taken}


def first_window(runs: int) -> float:
    """ms from our start until a window is on the screen and the line registered, whichever is later."""
    taken = []
    with (
        TemporaryDirectory() as folder,
        display(Path(folder)) as screen,
        rigged([WithWindows]) as rig,
        tapped() as tap,
    ):
        phone = rig.phones["windows0"]
        for run in range(runs + 1):
            with windows_of(screen) as mapped:
                began = phone.launch()
                try:
                    done = rig.registered(tap, phone, began)
                    if not wait_until(lambda: bool(mapped), WINDOW_S):
                        raise PeerFailed("no window")
                    time.sleep(PAUSE_S)
                finally:
                    phone.stop()
            if run:
                taken.append(max(done, mapped[0]) - began)
    return median(taken)


@contextmanager
def windows_of(screen: str) -> Iterator[list[float]]:
    """When windows came up while the block runs, as the window manager tells it (EWMH, _NET_CLIENT_LIST)."""
    came: list[float] = []
    spy = subprocess.Popen(
        ["xprop", "-display", screen, "-root", "-spy", "_NET_CLIENT_LIST"],
        stdout=subprocess.PIPE,
        text=True,
    )

    def read() -> None:
        assert spy.stdout is not None
        for line in spy.stdout:
            if "0x" in line:
                came.append(time.time())

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield came
    finally:
        spy.terminate()
        spy.wait(5)
        reader.join(5)


@dataclass(frozen=True, slots=True)
class Reactions:
    """Medians in ms: INVITE to 180, the 200 to the first RTP packet."""

    ringing: float
    first_rtp: float


def reactions(calls: int) -> dict[str, Reactions]:
    """Of each program, in turns; each one's first call is not counted.

    Their microphones run all the time, as a sound card does: PulseAudio's null device, left alone, sleeps for
    a while after it is opened.
    """
    ringing: dict[str, list[float]] = {kind.name: [] for kind in RIVALS}
    speaking: dict[str, list[float]] = {kind.name: [] for kind in RIVALS}
    with rigged() as rig, ExitStack() as stack:
        rig.register_all()
        for name in rig.phones:
            stack.enter_context(rig.pulse.recording(f"{name}_mic_feed"))
        for run in range(calls + 1):
            for name, phone in rig.phones.items():
                rang, spoke = one_call(rig, name)
                if run:
                    ringing[phone.name].append(rang)
                    speaking[phone.name].append(spoke)
    return {name: Reactions(median(ringing[name]), median(speaking[name])) for name in ringing}


def one_call(rig: Rig, name: str) -> tuple[float, float]:
    """Seconds from INVITE to 180 and from 200 to the first packet, at the phone's own end of the wire."""
    with tapped() as tap:
        call = rig.call(name)
        time.sleep(RTP_S)
        call.hang_up()
        noted = tap.noted()
    time.sleep(PAUSE_S)
    words = [one for one in noted if call.id.encode() in one.payload]
    invite = _first(words, lambda one: one.source == rig.port and one.payload.startswith(b"INVITE"))
    own = [one for one in words if one.source == invite.target]
    ringing = _first(own, lambda one: one.payload.startswith(b"SIP/2.0 180"))
    taken = _first(own, lambda one: one.payload.startswith(b"SIP/2.0 200"))
    speech = _first(noted, lambda one: one.target == call.rtp_port and is_speech(one.payload, call.codec))
    return ringing.at - invite.at, speech.at - taken.at


def _first(noted: list[Datagram], wanted: Callable[[Datagram], bool]) -> Datagram:
    found = next((one for one in noted if wanted(one)), None)
    if found is None:
        raise PeerFailed("a datagram is missing on the wire")
    return found
