"""What a registered phone and a call cost: CPU time, memory, and memory that calls leave behind."""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.concealment import packets_of
from benchmarks.phone_caller import Call, talk
from benchmarks.phone_rig import Meter, Rig, rigged
from benchmarks.phone_rivals import RIVALS, WithWindows, resident_mb
from benchmarks.voice_path import samples_of_speech
from media.types import RATE, AudioPacket, CodecSpec, Pcm
from tests.lab.display import display
from tests.lab.process import PeerFailed

SETTLE_S = 6.0
SPECS = {"opus": CodecSpec("opus", 96, RATE), "PCMA": CodecSpec("PCMA", 8, 8_000)}
EARLY, LATE = 50, 200
"""Calls between which memory may grow."""

TALK_S, GAP_S, REST_S = 0.3, 0.1, 3.0
LOOKS, LOOK_S = 9, 0.2


def conversation(seconds: float) -> Pcm:
    """Somebody who talks half of the time."""
    spoken = samples_of_speech()[0]
    turn = np.concatenate([spoken, np.zeros(len(spoken), np.int16)])
    whole: Pcm = np.tile(turn, int(np.ceil(seconds * RATE / len(turn))))
    return whole[: round(seconds * RATE)]


def call_cost(codec: str, seconds: float) -> dict[str, float]:
    """CPU seconds a minute in a call, all programs in the same `seconds`, both ends talking."""
    spoken = conversation(seconds + 2 * SETTLE_S)
    with rigged(codec=codec) as rig:
        rig.register_all()
        with talking(rig, packets_of(spoken, SPECS[codec]), spoken) as calls, metered(rig) as meter:
            time.sleep(SETTLE_S)
            used = meter.minute(seconds)
            for name, call in calls.items():
                if not call.heard or time.time() - call.heard[-1].at > 1:
                    raise PeerFailed(f"{name} is silent")
    return {phone.name: used[name] for name, phone in rig.phones.items()}


@contextmanager
def talking(rig: Rig, packets: Sequence[AudioPacket], spoken: Pcm) -> Iterator[dict[str, Call]]:
    """Every phone is in a call while the block runs; all hear and say the same."""
    with ExitStack() as stack:
        for name in rig.phones:
            stack.enter_context(rig.pulse.saying(f"{name}_mic", spoken))
        calls = {name: rig.call(name) for name in rig.phones}
        sender = threading.Thread(target=talk, args=(calls, dict.fromkeys(calls, packets)), daemon=True)
        sender.start()
        yield calls
        sender.join()
        for call in calls.values():
            call.hang_up()


@contextmanager
def metered(rig: Rig) -> Iterator[Meter]:
    """A meter of all phones while the block runs."""
    meter = Meter({name: phone.pid for name, phone in rig.phones.items()})
    try:
        yield meter
    finally:
        meter.close()


@dataclass(frozen=True, slots=True)
class Idle:
    """A registered phone that does nothing: resident MB, CPU seconds a minute."""

    memory_mb: float
    cpu_s: float


def idle(seconds: float) -> dict[str, Idle]:
    """Of all programs, this one also with its windows, in the same `seconds`.

    It is their second start: the first one shows what is shown once, our microphone's level among it.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        display(Path(folder)),
        rigged([*RIVALS, WithWindows]) as rig,
    ):
        rig.register_all()
        time.sleep(SETTLE_S)
        rig.stop_all()
        rig.register_all()
        time.sleep(SETTLE_S)
        with metered(rig) as meter:
            used = meter.minute(seconds)
        return {phone.name: Idle(resident_mb(phone.pid), used[name]) for name, phone in rig.phones.items()}


def growth() -> dict[str, float]:
    """KB of resident memory a call between the 50th and the 200th, each call with speech both ways."""
    spoken = conversation(1.0)
    packets = [packet for packet in packets_of(spoken, SPECS["opus"]) if packet.arrival < TALK_S]
    noted: dict[int, dict[str, float]] = {}
    with rigged() as rig:
        rig.register_all()
        for count in range(1, LATE + 1):
            calls = {name: rig.call(name) for name in rig.phones}
            talk(calls, dict.fromkeys(calls, packets))
            for call in calls.values():
                call.hang_up()
            time.sleep(GAP_S)
            if count in (EARLY, LATE):
                time.sleep(REST_S)
                noted[count] = {name: _settled(phone.pid) for name, phone in rig.phones.items()}
    names = {name: phone.name for name, phone in rig.phones.items()}
    return {names[name]: 1000 * (noted[LATE][name] - noted[EARLY][name]) / (LATE - EARLY) for name in names}


def _settled(pid: int) -> float:
    looks = []
    for _ in range(LOOKS):
        looks.append(resident_mb(pid))
        time.sleep(LOOK_S)
    return statistics.median(looks)
