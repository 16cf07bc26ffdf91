"""The libraries are loaded with a signature for every function that is used."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace

import pytest

from softphone.control import windows_calls
from softphone.control.windows_calls import HANDLE, SIGNATURES, Overlapped, SecurityAttributes


def test_every_function_gets_its_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: dict[str, SimpleNamespace] = {}

    def library(name: str, *, use_last_error: bool) -> SimpleNamespace:
        assert use_last_error
        loaded[name] = SimpleNamespace(**{function: SimpleNamespace() for function in SIGNATURES[name]})
        return loaded[name]

    monkeypatch.setattr(ctypes, "WinDLL", library, raising=False)
    monkeypatch.setattr(ctypes, "get_last_error", lambda: 5, raising=False)
    windows = windows_calls.load()
    assert (windows.kernel32, windows.advapi32) == (loaded["kernel32"], loaded["advapi32"])
    assert windows.kernel32.CreateEventW.restype is HANDLE
    assert len(windows.kernel32.ReadFile.argtypes) == 5
    assert windows.failure("ReadFile").code == 5


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="sizes of a 64-bit system")
def test_structures_are_as_large_as_windows_has_them() -> None:
    assert (ctypes.sizeof(Overlapped), Overlapped.event.offset) == (32, 24)
    assert (ctypes.sizeof(SecurityAttributes), SecurityAttributes.descriptor.offset) == (24, 8)
