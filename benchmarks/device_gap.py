"""How long speech is silent when the device in use is pulled, and when a better one is plugged in.

A PulseAudio server of its own has a headset and a "USB headset" that comes and goes. A steady tone plays as a
call's speech does; what each device really played is recorded, and the longest hole in both together is
counted, exact to a block of the server (10 ms). "Pulled": the server moves what played there to its default,
as PulseAudio 14 and later do. "Lost": it ends those streams first, as a card does that PortAudio opened.
Beside it, what PortAudio programs do: wait until the stream ends, start the library anew, open the default.

    python -m benchmarks.device_gap [--runs 10]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import sounddevice
from pytest import MonkeyPatch

from devices.registry import system_drivers
from devices.types import Pcm
from media.stream import VoiceStream
from media.types import BLOCK, CodecSpec
from softphone.adapters.sound import SoundAdapter
from softphone.runtime.engine import SWITCH_INTERVAL_S
from tests.lab.pulse import PulseRig, Recording, pulse_rig

RATE = 48_000
OUT, USB, HEADSET = "usb_out", "usb", "headset"
SETTLE_S, AFTER_S = 2.2, 1.0
STALLED_S = 0.1
"""When the plain program takes a stream that calls back no more for dead."""

Runs = dict[str, list[float]]


def tone() -> Iterator[Pcm]:
    """440 Hz without end, in blocks."""
    for block in count():
        at = (np.arange(BLOCK) + block * BLOCK) / RATE
        yield np.rint(8000 * np.sin(2 * np.pi * 440 * at)).astype(np.int16)


def plug(rig: PulseRig) -> str:
    """The USB headset comes as a way into a speaker that is recorded already: its first sound counts.
    Returns the server's number for it."""
    return rig.pactl("load-module", "module-remap-sink", f"sink_name={USB}", f"master={OUT}", "remix=no")


def unplug(rig: PulseRig, module: str) -> None:
    """It goes; what the speaker behind it has in its buffer is still heard."""
    rig.pactl("unload-module", module)


@dataclass(frozen=True)
class Way:
    """One way for a device to go."""

    name: str
    pull: Callable[[PulseRig], None]


WAYS = (Way("pulled", lambda rig: rig.unplug(USB)), Way("lost", lambda rig: rig.lose(USB)))


def hole_ms(before: Recording, after: Recording, since: float) -> float:
    """The longest silence between two loud samples after `since`, whichever of the devices played them."""
    moments = np.sort(np.concatenate([loud(before), loud(after)]))
    return float(np.diff(moments[moments > since - 0.1]).max()) * 1000


def loud(recording: Recording) -> np.ndarray:
    """The moments (time.monotonic) of all loud samples."""
    samples = np.flatnonzero(np.abs(recording.pcm().astype(np.int32)) > 500)
    return np.asarray(recording.began + samples / RATE)


async def ours(rig: PulseRig, runs: int) -> Runs:
    """The program's own sound, on a chosen device and on the system's default."""
    found: Runs = {}
    sound = SoundAdapter(system_drivers())
    await sound.start()
    stream = VoiceStream(CodecSpec("opus", 111, RATE, 2))
    sound.attach(stream, lambda frame: None)
    sound.path.play(tone())
    try:
        for _ in range(runs):
            await _plugged(rig, sound, found)
            for way in WAYS:
                await _pulled(rig, sound, found, (f"pulse:{USB}",), way)
                await _pulled(rig, sound, found, (), way)
    finally:
        sound.detach(stream)
        await sound.close()
    return found


async def _plugged(rig: PulseRig, sound: SoundAdapter, found: Runs) -> None:
    await sound.choose(microphone=("pulse:headset_mic",), speaker=(f"pulse:{USB}",), ring=())
    with rig.recording(OUT) as usb, rig.recording(HEADSET) as headset:
        await asyncio.sleep(SETTLE_S)
        began = time.monotonic()
        module = await asyncio.to_thread(plug, rig)
        await asyncio.sleep(AFTER_S)
    await asyncio.to_thread(unplug, rig, module)
    _note(found, "chosen device plugged in: hole", hole_ms(headset, usb, began))
    _note(found, "chosen device plugged in: until heard", (loud(usb)[0] - began) * 1000)


async def _pulled(
    rig: PulseRig, sound: SoundAdapter, found: Runs, speaker: tuple[str, ...], way: Way
) -> None:
    await asyncio.to_thread(come, rig)
    await sound.choose(microphone=("pulse:headset_mic",), speaker=speaker, ring=())
    with rig.recording(USB) as usb, rig.recording(HEADSET) as headset:
        await asyncio.sleep(SETTLE_S)
        began = time.monotonic()
        await asyncio.to_thread(way.pull, rig)
        await asyncio.sleep(AFTER_S)
    await asyncio.to_thread(rig.set_default, speaker=HEADSET)
    _note(
        found, f"{'chosen' if speaker else 'default'} device {way.name}: hole", hole_ms(usb, headset, began)
    )


def come(rig: PulseRig) -> None:
    """The USB headset is there, with a speaker of its own that ends with it, and is the default."""
    rig.plug_speaker(USB)
    rig.set_default(speaker=USB)


def _note(found: Runs, what: str, figure: float) -> None:
    found.setdefault(what, []).append(figure)


class Plain:
    """What a PortAudio program does: a stream on the default, opened anew when it ends or stalls."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._called = 0.0
        self._at = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        """Stop playing."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            sounddevice._terminate()
            sounddevice._initialize()
            self._ended.clear()
            stream = sounddevice.OutputStream(
                device="pulse",
                samplerate=RATE,
                channels=2,
                dtype="int16",
                blocksize=BLOCK,
                latency=0.03,
                callback=self._call,
                finished_callback=self._ended.set,
            )
            with stream:
                self._called = time.monotonic()
                while not (self._stop.is_set() or self._ended.wait(0.01)):
                    if time.monotonic() - self._called > STALLED_S:
                        break
                stream.abort()

    def _call(self, out: np.ndarray, frames: int, _time: object, _status: object) -> None:
        self._called = time.monotonic()
        at = (np.arange(frames) + self._at) / RATE
        out[:] = np.rint(8000 * np.sin(2 * np.pi * 440 * at))[:, np.newaxis]
        self._at += frames


def plain(rig: PulseRig, runs: int) -> Runs:
    """The default pulled from under a plain PortAudio program."""
    found: Runs = {}
    for _ in range(runs):
        for way in WAYS:
            _plain(rig, way, found)
    return found


def _plain(rig: PulseRig, way: Way, found: Runs) -> None:
    come(rig)
    player = Plain()
    try:
        with rig.recording(USB) as usb, rig.recording(HEADSET) as headset:
            time.sleep(SETTLE_S)
            began = time.monotonic()
            way.pull(rig)
            time.sleep(AFTER_S)
        _note(found, f"default device {way.name}: hole", hole_ms(usb, headset, began))
    finally:
        player.close()
    rig.set_default(speaker=HEADSET)


@contextmanager
def bench() -> Iterator[PulseRig]:
    """A server this process sees, a speaker for the USB headset, and the engine's thread switching."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        rig = stack.enter_context(pulse_rig(directory / "rig"))
        rig.inhabit(stack.enter_context(MonkeyPatch.context()))
        stack.callback(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        rig.plug_speaker(OUT)
        rig.set_default(speaker=HEADSET)
        yield rig


def table(title: str, found: Runs) -> None:
    """One line for each thing measured, in ms."""
    print(f"{title:<48}{'min':>8}{'median':>8}{'max':>8}  ms")
    for what, figures in found.items():
        print(f"  {what:<46}{min(figures):8.0f}{np.median(figures):8.0f}{max(figures):8.0f}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args(arguments).runs
    with bench() as rig:
        table("ours", asyncio.run(ours(rig, runs)))
    with bench() as rig:
        table("PortAudio, the default opened anew", plain(rig, runs))


if __name__ == "__main__":
    main()
