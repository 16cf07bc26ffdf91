"""hidapi, as far as headsets need it.

The Python binding keeps the interpreter locked while a device is opened, which would be a gap in speech.
Where its file exports hidapi's own functions (Linux, macOS) these are called instead, through ctypes, which
never keeps it locked. On Linux its hidraw build is used: the libusb one takes the device from the kernel.
"""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

from devices.hid.descriptor import MOST_BYTES


class HidFailure(Exception):
    """hidapi is not there, or a device could not be opened, read or written."""


@dataclass(frozen=True, slots=True)
class Found:
    """A HID device. `pages`: usage pages of its outermost collections, 0 where the system can't say."""

    path: bytes
    name: str
    pages: frozenset[int]


class Handle(Protocol):
    """An open device, used from one thread."""

    def descriptor(self) -> bytes:
        """The report descriptor. Raises HidFailure."""
        ...

    def state(self, report_id: int, length: int) -> bytes:
        """An input report as it stands, asked for (GET_REPORT). Raises HidFailure."""
        ...

    def read(self, length: int, timeout_ms: int) -> bytes:
        """The next input report, empty when none came in time. Raises HidFailure."""
        ...

    def write(self, report: bytes) -> None:
        """Send an output report, its id (0 for none) first. Raises HidFailure."""
        ...

    def close(self) -> None:
        """Let the device go."""
        ...


class Library(Protocol):
    """What finds and opens devices. Every call may block."""

    version: str

    def devices(self) -> tuple[Found, ...]:
        """All HID devices present. Raises HidFailure."""
        ...

    def open(self, path: bytes) -> Handle:
        """Open a device beside whoever else has it open. Raises HidFailure."""
        ...


def load() -> Library:
    """hidapi of this platform. Raises HidFailure."""
    try:
        module = _module()
    except (ImportError, OSError) as failure:
        raise HidFailure(f"hidapi can't be loaded: {failure}") from failure
    return HidApi(module)


def _module() -> ModuleType:
    if sys.platform == "linux":
        import hidraw as module
    else:
        import hid as module
    return module  # type: ignore[no-any-return]


class HidApi:
    """The real library."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self.version = str(module.__version__)
        self._functions = _functions(module)

    def devices(self) -> tuple[Found, ...]:
        """All HID devices; a device with several collections may be listed once for each."""
        try:
            rows = self._module.enumerate()
        except OSError as failure:
            raise HidFailure(f"devices can't be listed: {failure}") from failure
        found: dict[bytes, Found] = {}
        for row in rows:
            path, pages = bytes(row["path"]), frozenset((int(row["usage_page"]),))
            if path in found:
                pages |= found[path].pages
            found[path] = Found(path, str(row["product_string"] or ""), pages)
        return tuple(found.values())

    def open(self, path: bytes) -> Handle:
        """Open a device by its path. Raises HidFailure."""
        if self._functions is None:
            return _bound(self._module, path)
        device = self._functions.hid_open_path(path)
        if not device:
            raise HidFailure("it can't be opened (no permission, or gone)")
        return _CHandle(self._functions, device)


def _functions(module: Any) -> Any:
    """hidapi's own functions with their types, or None where they are not exported (Windows)."""
    try:
        library = ctypes.CDLL(module.__file__)
        library.hid_open_path.argtypes = (ctypes.c_char_p,)
    except (OSError, AttributeError, TypeError):
        return None
    library.hid_open_path.restype = ctypes.c_void_p
    library.hid_close.argtypes = (ctypes.c_void_p,)
    library.hid_close.restype = None
    buffer = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t)
    library.hid_read_timeout.argtypes = (*buffer, ctypes.c_int)
    for name in ("hid_write", "hid_get_report_descriptor", "hid_get_input_report"):
        getattr(library, name).argtypes = buffer
    if sys.platform == "darwin":
        library.hid_darwin_set_open_exclusive(0)
    return library


class _CHandle:
    """A device opened by hidapi's own functions."""

    def __init__(self, functions: Any, device: int) -> None:
        self._functions, self._device = functions, device

    def descriptor(self) -> bytes:
        buffer = ctypes.create_string_buffer(MOST_BYTES)
        return self._got(buffer, self._functions.hid_get_report_descriptor(self._device, buffer, MOST_BYTES))

    def state(self, report_id: int, length: int) -> bytes:
        buffer = ctypes.create_string_buffer(bytes([report_id]), max(2, length))
        return self._got(buffer, self._functions.hid_get_input_report(self._device, buffer, length))

    def read(self, length: int, timeout_ms: int) -> bytes:
        buffer = ctypes.create_string_buffer(length)
        return self._got(buffer, self._functions.hid_read_timeout(self._device, buffer, length, timeout_ms))

    def write(self, report: bytes) -> None:
        if self._functions.hid_write(self._device, report, len(report)) < 0:
            raise HidFailure("it took no report")

    def close(self) -> None:
        self._functions.hid_close(self._device)

    def _got(self, buffer: ctypes.Array[ctypes.c_char], length: int) -> bytes:
        if length < 0:
            raise HidFailure("it gave no report")
        return buffer.raw[:length]


def _bound(module: Any, path: bytes) -> Handle:
    device = module.device()
    try:
        device.open_path(path)
    except OSError as failure:
        raise HidFailure(f"it can't be opened: {failure}") from failure
    return _BoundHandle(device)


class _BoundHandle:
    """A device opened by the Python binding."""

    def __init__(self, device: Any) -> None:
        self._device = device

    def descriptor(self) -> bytes:
        return self._asked(self._device.get_report_descriptor)

    def state(self, report_id: int, length: int) -> bytes:
        return self._asked(self._device.get_input_report, report_id, length)

    def read(self, length: int, timeout_ms: int) -> bytes:
        return self._asked(self._device.read, length, timeout_ms)

    def write(self, report: bytes) -> None:
        try:
            written = self._device.write(report)
        except (OSError, ValueError) as failure:
            raise HidFailure(f"it took no report: {failure}") from failure
        if written < 0:
            raise HidFailure("it took no report")

    def close(self) -> None:
        self._device.close()

    def _asked(self, ask: Any, *arguments: int) -> bytes:
        try:
            return bytes(ask(*arguments))
        except (OSError, ValueError) as failure:
            raise HidFailure(f"it gave no report: {failure}") from failure
