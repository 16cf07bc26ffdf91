"""hidapi: both ways to open a device, on stand-ins for the module and its functions; and the real one."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any

import pytest

from devices.hid import library
from devices.hid.library import Found, Handle, HidApi, HidFailure
from tests.doubles.hid_shapes import PLAIN


class Binding:
    """What `hid.device()` gives."""

    def __init__(self) -> None:
        self.reports = [[1], [], None]
        self.written: list[bytes] = []
        self.closed = False

    def open_path(self, path: bytes) -> None:
        if path != b"there":
            raise OSError("open failed")

    def get_report_descriptor(self) -> list[int]:
        return list(PLAIN)

    def get_input_report(self, report_id: int, length: int) -> list[int]:
        return [report_id] * length

    def read(self, length: int, timeout_ms: int) -> list[int]:
        report = self.reports.pop(0)
        if report is None:
            raise OSError("read error")
        return report

    def write(self, report: bytes) -> int:
        self.written.append(report)
        return len(report) if len(self.written) < 2 else -1

    def close(self) -> None:
        self.closed = True


class Functions:
    """hidapi's own functions, as ctypes would give them."""

    def __init__(self) -> None:
        self.reports: list[bytes | None] = [b"\x01", b"", None]
        self.written: list[bytes] = []
        self.closed = False

    def hid_open_path(self, path: bytes) -> int | None:
        return 7 if path == b"there" else None

    def hid_get_report_descriptor(self, device: int, buffer: Any, size: int) -> int:
        return self._fill(buffer, PLAIN)

    def hid_get_input_report(self, device: int, buffer: Any, size: int) -> int:
        return self._fill(buffer, buffer.raw[:1] * size)

    def hid_read_timeout(self, device: int, buffer: Any, size: int, timeout_ms: int) -> int:
        return self._fill(buffer, self.reports.pop(0))

    def hid_write(self, device: int, report: bytes, size: int) -> int:
        self.written.append(report[:size])
        return size if len(self.written) < 2 else -1

    def hid_close(self, device: int) -> None:
        self.closed = True

    def _fill(self, buffer: Any, data: bytes | None) -> int:
        if data is None:
            return -1
        ctypes.memmove(buffer, data, len(data))
        return len(data)


def _module(**more: Any) -> SimpleNamespace:
    return SimpleNamespace(__version__="0.15.0", __file__="nowhere.pyd", **more)


def _opened(kind: str) -> tuple[HidApi, Binding | Functions]:
    binding, functions = Binding(), Functions()
    api = HidApi(_module(device=lambda: binding))
    if kind == "binding":
        return api, binding
    api._functions = functions
    return api, functions


@pytest.mark.parametrize("kind", ["binding", "functions"])
def test_a_device_is_read_and_written(kind: str) -> None:
    api, below = _opened(kind)
    handle: Handle = api.open(b"there")
    assert handle.descriptor() == PLAIN
    assert handle.state(3, 2) == b"\x03\x03"
    assert handle.read(8, 10) == b"\x01"
    assert handle.read(8, 10) == b""
    with pytest.raises(HidFailure, match="gave no report"):
        handle.read(8, 10)
    handle.write(b"\x00\x01")
    with pytest.raises(HidFailure, match="took no report"):
        handle.write(b"\x00\x02")
    handle.close()
    assert below.written == [b"\x00\x01", b"\x00\x02"]
    assert below.closed


@pytest.mark.parametrize("kind", ["binding", "functions"])
def test_a_device_that_can_not_be_opened_says_so(kind: str) -> None:
    api, _ = _opened(kind)
    with pytest.raises(HidFailure, match="can't be opened"):
        api.open(b"elsewhere")


def test_collections_of_one_device_are_one_device() -> None:
    rows = [
        {"path": b"a", "product_string": "Headset", "usage_page": 0x0C},
        {"path": b"a", "product_string": "Headset", "usage_page": 0x0B},
        {"path": b"b", "product_string": None, "usage_page": 0x01},
    ]
    assert HidApi(_module(enumerate=lambda: rows)).devices() == (
        Found(b"a", "Headset", frozenset({0x0B, 0x0C})),
        Found(b"b", "", frozenset({0x01})),
    )


def test_a_list_that_fails_is_a_failure() -> None:
    def fail() -> list[dict[str, object]]:
        raise OSError("no bus")

    with pytest.raises(HidFailure, match="no bus"):
        HidApi(_module(enumerate=fail)).devices()


def test_a_library_that_is_not_there_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Any:
        raise ImportError("libudev.so.1")

    monkeypatch.setattr(library, "_module", missing)
    with pytest.raises(HidFailure, match=r"libudev\.so\.1"):
        library.load()


def test_the_real_library_loads_lists_and_refuses_what_is_not_there() -> None:
    api = library.load()
    assert api.version
    assert all(isinstance(found, Found) for found in api.devices())
    with pytest.raises(HidFailure, match="can't be opened"):
        api.open(b"/dev/null/nothing")
