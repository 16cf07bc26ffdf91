"""WAV files as devices: `file:PATH` is a microphone that says the file, or a speaker that records into it.

As a microphone the file is played once from its start each time it is opened, silence after it.
`file:PATH?loop` goes round and round by the system's clock, as a radio does: whoever opens it, and whenever,
hears what it says just then. As a speaker the file is 48 kHz, 16 bit, mono, a Broadcast Wave whose
TimeReference (EBU Tech 3285, here in UTC) tells when its first sample was played; its first opening in this
process begins it anew, later ones leave silence for the time between. So what was said and what was heard
lie on one clock, also between programs. Both keep the pace of a real device.
"""

from __future__ import annotations

import logging
import struct
import time
import wave
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
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

LARGEST = 2**32 - 2**16
"""Bytes of sound a WAV header can tell of, 12 hours; a longer recording goes on and is read up to there."""

_BEXT = struct.Struct("<320x10s8sQH254x")
_HEADER = struct.Struct(f"<4sI4s4sIHHIIHH4sI{_BEXT.size}s4sI")


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
    """A file's sound from sample `at` on, once or round and round."""

    def __init__(self, pcm: Pcm, loop: bool, at: int = 0) -> None:
        self._pcm = pcm
        self._loop = loop and len(pcm) > 0
        self._at = at

    def next(self, samples: int) -> Pcm:
        """The next samples, silence after the end of a file that doesn't loop."""
        if self._loop:
            out = self._pcm[np.arange(self._at, self._at + samples) % len(self._pcm)]
        else:
            out = np.zeros(samples, np.int16)
            rest = self._pcm[self._at : self._at + samples]
            out[: len(rest)] = rest
        self._at += samples
        return out

    def close(self) -> None:
        """Nothing is held open."""


class WavSink:
    """Appends to a WAV file whose header is true after every half second, whatever happens to the process.

    The file's first sample was played at `began`, the next one to come is played at `at` (both Unix time, s);
    where they are the same the file begins anew.
    """

    def __init__(self, path: Path, began: float, at: float) -> None:
        self._path = path
        self._began = began
        self._pending: list[Pcm] = []
        self._waiting = 0
        with ExitStack() as undo:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                mode = "w+b" if at == began else "r+b"
                self._file: IO[bytes] = undo.enter_context(path.open(mode, buffering=0))
                there = max(0, self._file.seek(0, 2) - _HEADER.size) // 2
                self._samples = max(there, round((at - began) * RATE))
                self._flush()
                self._file.truncate(_HEADER.size + 2 * self._samples)
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
        self._file.write(_header(self._samples, self._began))


def _header(samples: int, began: float) -> bytes:
    size = min(2 * samples, LARGEST)
    riff = (b"RIFF", size + _HEADER.size - 8, b"WAVE")
    pcm = (b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    return _HEADER.pack(*riff, *pcm, b"bext", _BEXT.size, _bext(began), b"data", size)


def _bext(began: float) -> bytes:
    """The Broadcast extension, version 1: date, time, and samples since that day's midnight."""
    when = datetime.fromtimestamp(began, UTC)
    midnight = when.replace(hour=0, minute=0, second=0, microsecond=0)
    day, moment = when.strftime("%Y-%m-%d").encode(), when.strftime("%H-%M-%S").encode()
    return _BEXT.pack(day, moment, round((when - midnight) / timedelta(seconds=1) * RATE), 1)


def began(path: Path) -> float:
    """When the first sample of a recording made here was played, in Unix time. Raises OSError, ValueError."""
    with path.open("rb") as file:
        header = file.read(_HEADER.size)
    if len(header) < _HEADER.size or header[36:40] != b"bext":
        raise ValueError(f"{path} does not tell when it was recorded")
    day, _, samples, _ = _BEXT.unpack_from(header, 44)
    return datetime.strptime(f"{day.decode()}+0000", "%Y-%m-%d%z").timestamp() + float(samples) / RATE


class WavDriver:
    """`file:PATH` for microphones and speakers. Such devices are never listed: a person names them."""

    name = "file"

    def __init__(self, clock: Clock = time.monotonic, wall: Clock = time.time) -> None:
        self._clock = clock
        self._wall = wall
        self._began: dict[Path, float] = {}

    def devices(self) -> tuple[SoundDevice, ...]:
        """None: files are named, not found."""
        return ()

    def find(self, device: str) -> SoundDevice | None:
        """The file's device, whether or not the file is there yet."""
        if not device.startswith(PREFIX):
            return None
        return SoundDevice(device, _path(device).name, inputs=1, outputs=1)

    def open_capture(self, device: str) -> ClockedCapture:
        """Say the file. Raises DeviceFailure where it can't be read."""
        pcm, loop = read_wav(_path(device)), device.endswith(LOOP)
        return ClockedCapture(WavSource(pcm, loop, round(self._wall() * RATE) if loop else 0), self._clock)

    def open_playout(self, device: str, *, waits: bool = False) -> ClockedPlayout:
        """Record into the file. Raises DeviceFailure where it can't be written."""
        path, now = _path(device), self._wall()
        began = self._began.get(path, now) if path.exists() else now
        sink = WavSink(path, began, now)
        self._began[path] = began
        return ClockedPlayout(sink, self._clock)

    def watch(self, changed: Notice) -> Notice:
        """Files are never plugged: `changed` is never called."""
        return lambda: None

    def close(self) -> None:
        """Streams are closed by who opened them."""


def _path(device: str) -> Path:
    return Path(device.removeprefix(PREFIX).removesuffix(LOOP))
