"""Whether sound holds beside busy threads: a call's speech on PulseAudio while two burn CPU in Python.

Once as the engine runs it (threads take turns every half millisecond) and once with Python's own 5 ms.
Counted are callbacks that found too little to play or came too late for the device, blocks the microphone
lost, and the holes that were recorded at the speaker.

    python -m benchmarks.underflows [--seconds 30] [--threads 2]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np

from benchmarks.device_gap import HEADSET, bench, tone
from devices.registry import system_drivers
from media.stream import VoiceStream
from media.types import CodecSpec
from softphone.adapters.sound import SoundAdapter
from softphone.runtime.engine import SWITCH_INTERVAL_S
from tests.lab.pulse import PulseRig
from tests.lab.speech import gaps

PYTHONS_S = 0.005
SETTLE_S, START_S = 3.0, 0.5


@dataclass(frozen=True)
class Found:
    """What went wrong in one run."""

    settling: int
    underflows: int
    overflows: int
    holes: int
    longest_ms: float


@contextmanager
def burning(threads: int) -> Iterator[None]:
    """Threads that never let go of the interpreter by themselves."""
    stop = threading.Event()

    def burn() -> None:
        total = 0
        while not stop.is_set():
            for number in range(10_000):
                total += number * number

    running = [threading.Thread(target=burn) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in running:
            thread.join()


async def listen(rig: PulseRig, seconds: float, threads: int) -> Found:
    """A call with a steady tone in the ear, microphone open, beside busy threads."""
    sound = SoundAdapter(system_drivers())
    await sound.start()
    stream = VoiceStream(CodecSpec("opus", 111, 48_000, 2))
    sound.attach(stream, lambda frame: None)
    sound.path.play(tone())
    try:
        await sound.choose(microphone=("pulse:headset_mic",), speaker=(f"pulse:{HEADSET}",), ring=())
        with burning(threads):
            await asyncio.sleep(SETTLE_S)
            with ExitStack() as stack:
                # A process is started, which takes time that the sound's loop must not give.
                recording = await asyncio.to_thread(stack.enter_context, rig.recording(HEADSET))
                await asyncio.sleep(START_S)
                before, began = _counted(sound), time.monotonic()
                await asyncio.sleep(seconds)
                after = _counted(sound)
                await asyncio.to_thread(stack.close)
    finally:
        sound.detach(stream)
        await sound.close()
    holes = gaps(recording.pcm(since=began))
    return Found(before[0], after[0] - before[0], after[1] - before[1], holes.number, holes.longest_ms)


def _counted(sound: SoundAdapter) -> np.ndarray:
    return np.array([getattr(sound.path.sink, "underflows", 0), getattr(sound.path.source, "overflows", 0)])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure both and print them beside each other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args(arguments)
    print(f"{chosen.seconds:.0f} s beside {chosen.threads} busy threads, after {SETTLE_S:.0f} s to settle")
    print(f"{'turns of':<14}{'underflows':>12}{'(settling)':>12}{'overflows':>12}{'holes':>8}{'longest':>12}")
    for interval in (SWITCH_INTERVAL_S, PYTHONS_S):
        with bench() as rig:
            sys.setswitchinterval(interval)
            found = asyncio.run(listen(rig, chosen.seconds, chosen.threads))
        print(
            f"{interval * 1000:>4.1f} ms       {found.underflows:>12}{found.settling:>12}"
            f"{found.overflows:>12}{found.holes:>8}{found.longest_ms:>9.0f} ms"
        )


if __name__ == "__main__":
    main()
