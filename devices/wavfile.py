"""WAV files as devices: `file:PATH` is a microphone that says the file, or a speaker that records into it.

As a microphone the file is played once from its start each time it is opened, silence after it;
`file:PATH?loop` starts again instead. As a speaker the file is 48 kHz, 16 bit, mono; its first opening in
this process begins it anew, later ones go on after what is there. Both keep the pace of a real device.
"""

from __future__ import annotations

import logging
import struct
import time
import wave
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import numpy as np
import soxr

from devices.clocked import RATE, Clock, ClockedCapture, ClockedPlayout
from devices.notices import Notice
from devices.types import DeviceFailure, Pcm, SoundDevice

log = logging.getLogger(__name__)

PREFIX = "file:"
LOOP = "?loop"
FLUSH_SAMPLES = RATE // 2
"""How much sound a killed process may lose: half a second."""

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


def read_wav(path: Path) -> Pcm:
    """A 16-bit PCM WAV file of any rate and channels as 48 kHz mono. Raises DeviceFailure."""
    try:
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != 2:
                raise DeviceFailure(f"{path} is not 16-bit PCM")
            rate, channels = file.getframerate(), file.getnchannels()
            frames = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, channels)
    except (OSError, EOFError, wave.Error) as failure:
        raise DeviceFailure(f"{path} can't be read: {failure}") from failure
    mono: Pcm = frames.astype(np.int32).mean(axis=1).astype(np.int16)
    if rate == RATE:
        return mono
    converted: Pcm = soxr.resample(mono, rate, RATE)
    return converted


class WavSource:
    """A file's sound, once or round and round."""

    def __init__(self, pcm: Pcm, loop: bool) -> None:
        self._pcm = pcm
        self._loop = loop and len(pcm) > 0
        self._at = 0

    def next(self, samples: int) -> Pcm:
        """The next samples, silence after the end of a file that doesn't loop."""
        if self._loop:
            out = np.take(self._pcm, np.arange(self._at, self._at + samples), mode="wrap")
        else:
            out = np.zeros(samples, np.int16)
            rest = self._pcm[self._at : self._at + samples]
            out[: len(rest)] = rest
        self._at += samples
        return out

    def close(self) -> None:
        """Nothing is held open."""


class WavSink:
    """Appends to a WAV file whose header is true after every half second, whatever happens to the process."""

    def __init__(self, path: Path, *, fresh: bool) -> None:
        self._path = path
        self._pending: list[Pcm] = []
        self._waiting = 0
        with ExitStack() as undo:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                mode = "w+b" if fresh or not path.exists() else "r+b"
                self._file: IO[bytes] = undo.enter_context(path.open(mode, buffering=0))
                self._samples = max(0, self._file.seek(0, 2) - _HEADER.size) // 2
                self._flush()
            except OSError as failure:
                raise DeviceFailure(f"{path} can't be written: {failure}") from failure
            undo.pop_all()

    def take(self, pcm: Pcm) -> None:
        """Keep the next samples; a full disk loses them and is logged."""
        self._pending.append(pcm)
        self._waiting += len(pcm)
        if self._waiting >= FLUSH_SAMPLES:
            self._try_flush()

    def close(self) -> None:
        """Write what is pending and finish the file."""
        self._try_flush()
        self._file.close()

    def _try_flush(self) -> None:
        try:
            self._flush()
        except OSError as failure:
            log.warning("recording %s lost half a second: %s", self._path, failure)
        self._pending, self._waiting = [], 0

    def _flush(self) -> None:
        self._file.seek(_HEADER.size + 2 * self._samples)
        self._file.write(b"".join(part.astype("<i2").tobytes() for part in self._pending))
        self._samples += self._waiting
        self._file.seek(0)
        self._file.write(_header(self._samples))


def _header(samples: int) -> bytes:
    size = 2 * samples
    riff = (b"RIFF", size + _HEADER.size - 8, b"WAVE")
    return _HEADER.pack(*riff, b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16, b"data", size)


class WavDriver:
    """`file:PATH` for microphones and speakers. Such devices are never listed: a person names them."""

    name = "file"

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._begun: set[Path] = set()

    def devices(self) -> tuple[SoundDevice, ...]:
        """None: files are named, not found."""
        return ()

    def find(self, device: str) -> SoundDevice | None:
        """The file's device, whether or not the file is there yet."""
        if not device.startswith(PREFIX):
            return None
        return SoundDevice(device, _path(device).name, inputs=1, outputs=1)

    def open_capture(self, device: str) -> ClockedCapture:
        """Say the file from its start. Raises DeviceFailure where it can't be read."""
        source = WavSource(read_wav(_path(device)), device.endswith(LOOP))
        return ClockedCapture(source, self._clock)

    def open_playout(self, device: str) -> ClockedPlayout:
        """Record into the file. Raises DeviceFailure where it can't be written."""
        path = _path(device)
        sink = WavSink(path, fresh=path not in self._begun)
        self._begun.add(path)
        return ClockedPlayout(sink, self._clock)

    def watch(self, changed: Notice) -> Notice:
        """Files are never plugged: `changed` is never called."""
        return lambda: None

    def close(self) -> None:
        """Streams are closed by who opened them."""


def _path(device: str) -> Path:
    return Path(device.removeprefix(PREFIX).removesuffix(LOOP))
