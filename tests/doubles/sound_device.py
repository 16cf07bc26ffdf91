"""A sound device that calls back only when a test says so, and a PortAudio made of such devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from devices.callback import Callback, Frames, Handle
from devices.types import DeviceFailure


class CalledDevice:
    """`open` is the opener of a stream; `call` and `end` are what the device's thread would do."""

    def __init__(self) -> None:
        self.started = self.closed = 0
        self.refuses_open = self.refuses_start = self.refuses_close = False
        self._callback: Callback | None = None
        self._ended: Callable[[], None] | None = None

    def open(self, callback: Callback, ended: Callable[[], None]) -> Handle:
        """Remember who to call."""
        if self.refuses_open:
            raise DeviceFailure("it is gone")
        self._callback, self._ended = callback, ended
        return self

    def start(self) -> None:
        """Count a start."""
        if self.refuses_start:
            raise DeviceFailure("it does not start")
        self.started += 1

    def close(self) -> None:
        """Count a close."""
        self.closed += 1
        if self.refuses_close:
            raise DeviceFailure("it does not close")

    def call(self, frames: Frames, status: Any) -> None:
        """Let the device call back once."""
        assert self._callback is not None
        self._callback(frames, len(frames), None, status)

    def end(self) -> None:
        """Let the device end its stream."""
        assert self._ended is not None
        self._ended()


class FakePortAudioError(Exception):
    """Stands for sounddevice.PortAudioError."""


class FakeSoundDevice:
    """As much of the sounddevice module as the drivers use. `rows` is what is plugged in, `listed` what
    PortAudio froze when it started."""

    PortAudioError = FakePortAudioError

    def __init__(self, api: str = "ALSA") -> None:
        self.api = api
        self.rows: list[dict[str, Any]] = []
        self.listed: list[dict[str, Any]] = []
        self.starts = 0
        self.broken = False
        self.rates: set[int] = {48_000}
        self.streams: list[FakeStream] = []

    def add(self, name: str, inputs: int = 0, outputs: int = 0, *, rate: int = 48_000, api: int = 0) -> None:
        """Plug a device in."""
        self.rows.append(
            {
                "name": name,
                "hostapi": api,
                "max_input_channels": inputs,
                "max_output_channels": outputs,
                "default_samplerate": float(rate),
            }
        )

    def _terminate(self) -> None:
        for stream in self.streams:
            stream.open = False

    def _initialize(self) -> None:
        if self.broken:
            raise FakePortAudioError("no host API")
        self.starts += 1
        self.listed = [{**row, "index": index} for index, row in enumerate(self.rows)]

    def get_portaudio_version(self) -> tuple[int, str]:
        """Number and words."""
        return 1, "PortAudio, pretended"

    def query_hostapis(self) -> list[dict[str, Any]]:
        """Two APIs; the first has the defaults."""
        first = {"name": self.api, "default_input_device": 0, "default_output_device": 0}
        return [first, {"name": "MME", "default_input_device": -1, "default_output_device": -1}]

    def query_devices(self) -> list[dict[str, Any]]:
        """What was there at the start."""
        return self.listed

    def WasapiSettings(self, *, auto_convert: bool) -> str:  # noqa: N802  the module's own name
        """Stands for the settings object."""
        return f"wasapi auto_convert={auto_convert}"

    def check_input_settings(self, *, samplerate: int, **_: Any) -> None:
        """Refuse a rate that is not in `rates`."""
        if samplerate not in self.rates:
            raise FakePortAudioError("Invalid sample rate")

    check_output_settings = check_input_settings

    def InputStream(self, **settings: Any) -> FakeStream:  # noqa: N802  the module's own name
        """Open a stream on a listed index."""
        if settings["device"] >= len(self.listed) or self.broken:
            raise FakePortAudioError("Invalid device")
        stream = FakeStream(settings)
        self.streams.append(stream)
        return stream

    OutputStream = InputStream


class FakeStream:
    """An open stream with the settings it got."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.open = False

    def start(self) -> None:
        """Run."""
        self.open = True

    def abort(self) -> None:
        """Stop."""
        if not self.open:
            raise FakePortAudioError("PortAudio not initialized")

    def close(self) -> None:
        """Release."""
        self.open = False

    def call(self, channels: int, value: int, status: Any) -> Frames:
        """One callback of the stream's block size; returns the frames."""
        frames = np.full((self.settings["blocksize"], channels), value, np.int16)
        self.settings["callback"](frames, len(frames), None, status)
        return frames
