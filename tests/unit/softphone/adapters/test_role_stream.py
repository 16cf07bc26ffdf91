from __future__ import annotations

import asyncio

import pytest

from devices.types import DeviceFailure, SoundDevice
from softphone.adapters.role_stream import PLAYED_S, RETRY_S, RoleStream
from tests.doubles.sound_worker import InlineWorker
from tests.doubles.virtual_time import run_virtually

USB, BUILT_IN = SoundDevice("usb", "USB", 0, 2), SoundDevice("built-in", "Built in", 0, 2)


class Stream:
    """One opening of a device."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.alive = True
        self.sounds = False

    def close(self) -> None:
        self.alive = False


class Desk:
    """A role, what it opened, what it joined and in which order things happened."""

    def __init__(self) -> None:
        self.opened: list[Stream] = []
        self.happened: list[str] = []
        self.does_not_begin: set[str] = set()
        self.now = 0.0
        self.role: RoleStream[Stream] = RoleStream(
            self._open, self._join, InlineWorker(), lambda: self.now, self._begin
        )

    def _open(self, device: str) -> Stream:
        self.opened.append(Stream(device))
        self.happened.append(f"open {device}")
        return self.opened[-1]

    def _join(self, stream: Stream | None) -> None:
        self.happened.append(f"join {stream.device if stream else None}")

    def _begin(self, stream: Stream) -> None:
        if stream.device in self.does_not_begin:
            raise DeviceFailure(f"{stream.device} does not start")
        stream.sounds = True
        self.happened.append(f"begin {stream.device}")


def test_a_speaker_sounds_only_when_it_is_joined_and_the_old_one_plays_its_queue() -> None:
    async def scene() -> None:
        desk = Desk()
        await desk.role.use([BUILT_IN])
        await desk.role.use([USB, BUILT_IN])
        assert desk.happened[3:] == ["open usb", "join usb", "begin usb"]
        old, new = desk.opened
        await asyncio.sleep(PLAYED_S / 2)
        assert (old.alive, new.sounds) == (True, True)
        await asyncio.sleep(PLAYED_S)
        assert (old.alive, new.alive) == (False, True)

    run_virtually(scene())


def test_a_device_that_opens_but_does_not_begin_gives_way(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        desk = Desk()
        desk.does_not_begin = {"usb"}
        await desk.role.use([USB, BUILT_IN])
        assert desk.role.device == BUILT_IN
        assert [stream.alive for stream in desk.opened] == [False, True]
        assert desk.role.retry_at() == RETRY_S
        assert "usb does not start" in caplog.text
        desk.does_not_begin.clear()
        desk.now = RETRY_S
        await desk.role.use([USB, BUILT_IN])
        assert desk.role.device == USB

    run_virtually(scene())
