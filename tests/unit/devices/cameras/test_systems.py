"""Cameras as Linux, Windows and macOS list them, and their reasons."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any

import pytest

from devices.cameras import v4l2
from devices.cameras.types import CameraFailure
from devices.cameras.v4l2 import Found
from devices.cameras.windows import (
    FRIENDLY_NAME,
    GET_ALLOCATED_STRING,
    SET_GUID,
    SOURCE_TYPE,
    SYMBOLIC_LINK,
    VIDEO_CAPTURE,
    IdPointer,
    NumberPointer,
    Pointer,
    Windows,
)
from devices.com import S_OK, ComObject


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """A laptop's camera with its metadata node, and a USB camera of three nodes."""
    for node, name, index in (
        ("video0", "Integrated Camera", "0"),
        ("video1", "Integrated Camera", "1"),
        ("video10", "HD Webcam", "0"),
        ("video2", "Capture card", None),
    ):
        folder = tmp_path / "video4linux" / node
        folder.mkdir(parents=True)
        (folder / "name").write_text(name + "\n")
        if index is not None:
            (folder / "index").write_text(index + "\n")
    return tmp_path / "video4linux"


def test_linux_lists_one_entry_for_each_camera_in_the_order_of_numbers(sysfs: Path, tmp_path: Path) -> None:
    lasting, devices = tmp_path / "by-id", tmp_path / "dev"
    lasting.mkdir()
    devices.mkdir()
    (devices / "video10").touch()
    (lasting / "usb-Maker_HD_Webcam_77-video-index0").symlink_to(devices / "video10")
    (lasting / "usb-Maker_HD_Webcam_77-video-index1").symlink_to(devices / "video10")
    assert v4l2.listed(sysfs, lasting) == (
        Found(0, "Integrated Camera"),
        Found(2, "Capture card"),
        Found(10, "HD Webcam", "usb-Maker_HD_Webcam_77-video-index0"),
    )


def test_a_computer_without_cameras_lists_none(tmp_path: Path) -> None:
    assert v4l2.listed(tmp_path / "nothing", tmp_path / "nothing") == ()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (FileNotFoundError(2, "gone"), "missing"),
        (PermissionError(13, "no"), "denied"),
        (BlockingIOError(11, "later"), "busy"),
        (OSError(16, "busy"), "busy"),
        (OSError(5, "broken"), "failed"),
    ],
)
def test_linux_says_why_a_camera_cannot_be_opened(
    monkeypatch: pytest.MonkeyPatch, error: OSError, reason: str
) -> None:
    def refuse(*_: Any) -> int:
        raise error

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(CameraFailure) as raised:
        v4l2.check(0)
    assert raised.value.reason == reason


def test_a_camera_that_can_be_opened_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "video3").touch()
    v4l2.check(3, tmp_path)


class Registry:
    """winreg with these words under some of the keys."""

    HKEY_LOCAL_MACHINE, HKEY_CURRENT_USER = "machine", "user"

    def __init__(self, **words: str) -> None:
        self._words = words

    def OpenKey(self, hive: str, path: str) -> Registry:  # noqa: N802 - winreg's name
        name = "desktop" if path.endswith("NonPackaged") else hive
        if name not in self._words:
            raise FileNotFoundError(path)
        self._asked = name
        return self

    def QueryValueEx(self, key: Registry, name: str) -> tuple[str, int]:  # noqa: N802 - winreg's name
        return self._words[self._asked], 1

    def __enter__(self) -> Registry:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""


@pytest.mark.parametrize("place", ["machine", "user", "desktop"])
def test_windows_denies_a_camera_by_any_of_its_three_switches(place: str) -> None:
    system = Windows(registry=lambda: Registry(**{"machine": "Allow", "user": "Allow", place: "Deny"}))
    with pytest.raises(CameraFailure) as raised:
        system.check(Found(0, "Cam"))
    assert raised.value.reason == "denied"


def test_windows_that_allows_it_or_does_not_say_lets_it_be_tried() -> None:
    Windows(registry=lambda: Registry(machine="Allow", user="Allow", desktop="Allow")).check(Found(0, "Cam"))
    Windows(registry=Registry).check(Found(0, "Cam"))


class MediaFoundation:
    """Stands for ole32, mf and mfplat, with tables of functions that are really called."""

    def __init__(self, *cameras: tuple[str, str]) -> None:
        keys = bytes(FRIENDLY_NAME), bytes(SYMBOLIC_LINK)
        self._sources = [self._attributes(dict(zip(keys, texts, strict=True))) for texts in cameras]
        self._asked = self._attributes({})
        self._texts: list[Any] = []
        self._array: Any = None
        self.entered = self.freed = 0
        self.wanted: tuple[bytes, bytes] | None = None

    def _attributes(self, texts: dict[bytes, str]) -> ComObject:
        def allocated(key: Any, text: Any, length: Any) -> int:
            kept = ctypes.create_unicode_buffer(texts[bytes(key[0])])
            self._texts.append(kept)
            text[0], length[0] = ctypes.addressof(kept), len(kept) - 1
            return S_OK

        def set_guid(key: Any, value: Any) -> int:
            self.wanted = bytes(key[0]), bytes(value[0])
            return S_OK

        methods: list[Any] = [(lambda: S_OK, ())] * 22
        methods[GET_ALLOCATED_STRING - 3] = (allocated, (IdPointer, Pointer, NumberPointer))
        methods[SET_GUID - 3] = (set_guid, (IdPointer, IdPointer))
        return ComObject(FRIENDLY_NAME, methods)

    def CoInitializeEx(self, reserved: None, mode: int) -> int:  # noqa: N802 - the library's own names
        self.entered += 1
        return S_OK

    def CoUninitialize(self) -> None:  # noqa: N802
        self.entered -= 1

    def CoTaskMemFree(self, address: Any) -> None:  # noqa: N802
        self.freed += 1

    def MFCreateAttributes(self, found: Any, count: int) -> int:  # noqa: N802
        found._obj.value = self._asked.address
        return S_OK

    def MFEnumDeviceSources(self, attributes: Any, found: Any, count: Any) -> int:  # noqa: N802
        addresses = [source.address for source in self._sources]
        self._array = (ctypes.c_void_p * len(addresses))(*addresses)
        found._obj.value, count._obj.value = ctypes.addressof(self._array), len(addresses)
        return S_OK

    @property
    def references(self) -> list[int]:
        """Of everything handed out."""
        return [self._asked.references, *(source.references for source in self._sources)]


def test_windows_lists_names_and_links_and_gives_everything_back() -> None:
    media = MediaFoundation(("HD Webcam", r"\\?\usb#vid_1"), ("Kamera å", r"\\?\usb#vid_2"))
    found = Windows(load=lambda name: media).listed()
    assert found == (
        Found(0, "HD Webcam", r"\\?\usb#vid_1"),
        Found(1, "Kamera å", r"\\?\usb#vid_2"),
    )
    assert media.wanted == (bytes(SOURCE_TYPE), bytes(VIDEO_CAPTURE))
    assert (media.entered, media.freed) == (0, 5)
    assert media.references == [0, 0, 0]


def test_windows_without_media_foundation_lists_no_camera() -> None:
    def missing(name: str) -> Any:
        raise OSError(name)

    assert Windows(load=missing).listed() == ()
