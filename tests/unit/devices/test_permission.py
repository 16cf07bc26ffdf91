from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from devices import permission
from devices.permission import microphone_permission, settings_place

CONSENT = permission._CONSENT
STATUS = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Any:
    def platform(name: str) -> None:
        monkeypatch.setattr(permission, "sys", SimpleNamespace(platform=name))

    return platform


class Registry:
    """As much of winreg as is asked: values by hive and path."""

    HKEY_LOCAL_MACHINE, HKEY_CURRENT_USER = "machine", "user"

    def __init__(self, values: dict[tuple[str, str], str | Exception]) -> None:
        self._values = values

    @contextmanager
    def OpenKey(self, hive: str, path: str) -> Iterator[str | Exception]:  # noqa: N802  the module's own name
        """A key that is there, or FileNotFoundError."""
        if (hive, path) not in self._values:
            raise FileNotFoundError(path)
        yield self._values[hive, path]

    def QueryValueEx(self, key: str | Exception, name: str) -> tuple[str, int]:  # noqa: N802
        """The value, or what stands for its failure."""
        assert name == "Value"
        if isinstance(key, Exception):
            raise key
        return key, 1


USER, MACHINE, DESKTOP = ("user", CONSENT), ("machine", CONSENT), ("user", rf"{CONSENT}\NonPackaged")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({USER: "Allow", MACHINE: "Allow", DESKTOP: "Allow"}, "granted"),
        ({USER: "Deny", MACHINE: "Allow", DESKTOP: "Allow"}, "denied"),
        ({USER: "Allow", MACHINE: "Deny"}, "denied"),
        ({USER: "Allow", MACHINE: "Allow", DESKTOP: "Deny"}, "denied"),
        ({}, "unknown"),
        ({USER: PermissionError("no")}, "unknown"),
    ],
)
def test_windows_switches_must_all_allow_it(
    on: Any, monkeypatch: pytest.MonkeyPatch, values: dict[tuple[str, str], str | Exception], expected: str
) -> None:
    on("win32")
    monkeypatch.setitem(sys.modules, "winreg", Registry(values))
    assert microphone_permission() == expected


def test_windows_without_its_registry_does_not_say(on: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    on("win32")
    monkeypatch.setitem(sys.modules, "winreg", None)
    assert microphone_permission() == "unknown"


@pytest.mark.parametrize(
    ("status", "expected"),
    [(0, "undetermined"), (1, "denied"), (2, "denied"), (3, "granted"), (9, "unknown")],
)
def test_macos_is_asked_through_the_objective_c_runtime(
    on: Any, monkeypatch: pytest.MonkeyPatch, status: int, expected: str
) -> None:
    on("darwin")
    asked: list[tuple[int | None, int | None, int | None]] = []

    def message(receiver: int | None, selector: int | None, media: int | None) -> int:
        asked.append((receiver, selector, media))
        return status

    def named(number: int, name: bytes) -> Callable[[bytes], int]:
        def look_up(wanted: bytes) -> int:
            assert wanted == name
            return number

        return look_up

    objc = SimpleNamespace(
        objc_msgSend=STATUS(message),
        objc_getClass=named(1, b"AVCaptureDevice"),
        sel_registerName=named(2, b"authorizationStatusForMediaType:"),
    )
    monkeypatch.setattr(permission, "_library", {"objc": objc, "AVFoundation": None}.__getitem__)
    monkeypatch.setattr(permission, "_constant", lambda library, name: ctypes.c_void_p(3))
    assert microphone_permission() == expected
    assert asked == [(1, 2, 3)]


def test_macos_without_its_frameworks_does_not_say(on: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    on("darwin")
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    assert microphone_permission() == "unknown"


def test_a_library_that_is_there_is_loaded_with_its_constants() -> None:
    c = permission._library("c")
    assert permission._constant(c, "stdout").value


def test_linux_grants_outside_a_sandbox(on: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    on("linux")
    monkeypatch.setattr(permission, "_SANDBOX", tmp_path / "info")
    assert microphone_permission() == "granted"
    (tmp_path / "info").touch()
    assert microphone_permission() == "unknown"


def test_other_systems_do_not_say(on: Any) -> None:
    on("freebsd14")
    assert (microphone_permission(), settings_place()) == ("unknown", "")


@pytest.mark.parametrize(
    ("platform", "begins"), [("win32", "ms-settings:"), ("darwin", "x-apple."), ("linux", "")]
)
def test_the_place_to_change_it(on: Any, platform: str, begins: str) -> None:
    on(platform)
    assert settings_place().startswith(begins)
    assert bool(settings_place()) == bool(begins)
