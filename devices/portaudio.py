"""PortAudio by sounddevice: the library's life, its device list and its streams.

PortAudio is not thread-safe: everything here is called from one thread at a time (a worker of one).
Its list is frozen while it runs; `refresh` stops and starts it, which takes about 50 ms and needs every
stream to be let go and taken again by host API and name, because indexes change.
"""

from __future__ import annotations

import ctypes
import logging
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakSet

from devices.callback import BLOCK_MS, Callback, CallbackCapture, CallbackPlayout, Handle, Opener
from devices.clocked import RATE
from devices.convert import ConvertedCapture, ConvertedPlayout
from devices.types import CaptureStream, DeviceFailure, PlayoutStream

log = logging.getLogger(__name__)

LATENCY_S = 0.03
"""What the device is asked to buffer; measured to give no underflows with 10 ms blocks."""

WASAPI = "Windows WASAPI"
PREFERRED_API = {"win32": WASAPI, "darwin": "Core Audio", "linux": "ALSA"}
"""The one host API whose devices are listed: Windows lists each device once per API."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of PortAudio's list. `index` holds until the next refresh."""

    index: int
    api: str
    name: str
    inputs: int
    outputs: int
    rate: int
    default_input: bool
    default_output: bool
    nth: int = 0
    """How many rows of this name come before it."""


def load_sounddevice() -> Any:
    """The sounddevice module. Raises DeviceFailure where PortAudio is not installed."""
    try:
        import sounddevice
    except (OSError, ImportError) as failure:
        raise DeviceFailure(f"PortAudio is not there: {failure}") from failure
    return sounddevice


class PortAudio:
    """The library, started at the first use. One at a time in a process."""

    def __init__(self, load: Callable[[], Any] = load_sounddevice) -> None:
        self._load = load
        self._module: Any = None
        self._streams: WeakSet[CallbackCapture | CallbackPlayout] = WeakSet()

    def version(self) -> str:
        """PortAudio's own words on itself. Raises DeviceFailure."""
        return str(self._library().get_portaudio_version()[1])

    def listed(self) -> list[Listed]:
        """The devices of the platform's preferred host API, else of all. Raises DeviceFailure."""
        library = self._library()
        try:
            apis, rows = library.query_hostapis(), library.query_devices()
        except library.PortAudioError as failure:
            raise DeviceFailure(f"PortAudio lists nothing: {failure}") from failure
        found = _counted([_listed(row, apis[row["hostapi"]]) for row in rows])
        preferred = [device for device in found if device.api == PREFERRED_API.get(sys.platform)]
        return preferred or found

    def refresh(self) -> None:
        """Start the library (anew) for a true list; open streams pause and go on. Raises DeviceFailure."""
        if self._module is None:
            self._library()
            return
        library = self._module
        streams = [stream for stream in self._streams if stream.alive]
        for stream in streams:
            stream.pause()
        self._restart(library)
        for stream in streams:
            try:
                stream.resume()
            except DeviceFailure as failure:
                log.info("not there after a refresh: %s", failure)

    def open_capture(self, device: Listed) -> CaptureStream:
        """Open a microphone. Raises DeviceFailure."""
        rate = self._rate(device, "input", 1)
        stream = CallbackCapture(self._opener(device, "Input", 1, rate), rate)
        self._streams.add(stream)
        return stream if rate == RATE else ConvertedCapture(stream, rate)

    def open_playout(self, device: Listed, *, waits: bool = False) -> PlayoutStream:
        """Open a speaker, both channels: not every host API spreads one. Raises DeviceFailure."""
        channels = min(2, device.outputs)
        rate = self._rate(device, "output", channels)
        opener = self._opener(device, "Output", channels, rate)
        stream = CallbackPlayout(opener, rate, waits=waits, ahead=round(rate * LATENCY_S))
        self._streams.add(stream)
        return stream if rate == RATE else ConvertedPlayout(stream, rate)

    def close(self) -> None:
        """Close every stream."""
        for stream in tuple(self._streams):
            stream.close()

    def _library(self) -> Any:
        if self._module is None:
            _quieten_alsa()
            self._module = self._load()
            self._restart(self._module)
        return self._module

    def _restart(self, library: Any) -> None:
        try:
            library._terminate()
            library._initialize()
        except library.PortAudioError as failure:
            raise DeviceFailure(f"PortAudio does not start: {failure}") from failure

    def _rate(self, device: Listed, direction: str, channels: int) -> int:
        """48 kHz where the device runs at it or takes it, else its own. Asking opens the device once."""
        if device.rate == RATE:
            return RATE
        library = self._library()
        check = getattr(library, f"check_{direction}_settings")
        try:
            check(**self._settings(self._again(device), channels), samplerate=RATE)
        except library.PortAudioError:
            return device.rate
        return RATE

    def _settings(self, device: Listed, channels: int) -> dict[str, Any]:
        extra = self._library().WasapiSettings(auto_convert=True) if device.api == WASAPI else None
        return {"device": device.index, "channels": channels, "dtype": "int16", "extra_settings": extra}

    def _opener(self, device: Listed, direction: str, channels: int, rate: int) -> Opener:
        def opened(callback: Callback, ended: Callable[[], None]) -> Handle:
            library = self._library()
            try:
                stream = getattr(library, f"{direction}Stream")(
                    **self._settings(self._again(device), channels),
                    samplerate=rate,
                    blocksize=rate * BLOCK_MS // 1000,
                    latency=LATENCY_S,
                    callback=callback,
                    finished_callback=ended,
                )
            except (library.PortAudioError, ValueError) as failure:
                raise DeviceFailure(f"{device.name} can't be opened: {failure}") from failure
            return _Stream(stream, device.name, library.PortAudioError)

        return opened

    def _again(self, device: Listed) -> Listed:
        for listed in self.listed():
            if (listed.api, listed.name, listed.nth) == (device.api, device.name, device.nth):
                return listed
        raise DeviceFailure(f"{device.name} is not there")


class _Stream:
    """sounddevice's stream, with its errors told as ours."""

    def __init__(self, stream: Any, name: str, error: type[Exception]) -> None:
        self._stream = stream
        self._name = name
        self._error = error

    def start(self) -> None:
        try:
            self._stream.start()
        except self._error as failure:
            raise DeviceFailure(f"{self._name} does not start: {failure}") from failure

    def close(self) -> None:
        try:
            self._stream.abort()
            self._stream.close()
        except self._error as failure:
            raise DeviceFailure(f"{self._name} does not close: {failure}") from failure


_ALSA_ERROR = ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
)


def _ignore(_file: bytes, _line: int, _function: bytes, _code: int, _text: bytes) -> None:
    """ALSA would print to stderr each card it tries in vain; what matters comes back as an error code."""


_IGNORE = _ALSA_ERROR(_ignore)


def _quieten_alsa() -> None:
    if sys.platform != "linux":
        return
    try:
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_IGNORE)
    except (OSError, AttributeError) as failure:
        log.debug("ALSA stays loud: %s", failure)


def _counted(rows: list[Listed]) -> list[Listed]:
    """Rows of one name told apart by their order."""
    before: Counter[tuple[str, str]] = Counter()
    found: list[Listed] = []
    for row in rows:
        found.append(replace(row, nth=before[row.api, row.name]))
        before[row.api, row.name] += 1
    return found


def _listed(row: dict[str, Any], api: dict[str, Any]) -> Listed:
    index = int(row["index"])
    return Listed(
        index,
        str(api["name"]),
        str(row["name"]),
        int(row["max_input_channels"]),
        int(row["max_output_channels"]),
        int(row["default_samplerate"]),
        index == api["default_input_device"],
        index == api["default_output_device"],
    )
